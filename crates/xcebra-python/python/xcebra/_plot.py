"""Pictures on axes of matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes

    from ._result import Attribution


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.gca()


def draw_attribution(found: Attribution, ax: Any, signal: int, output: int) -> matplotlib.axes.Axes:
    """One signal's attribution: bars of names, a line over numbers, or a map of two axes."""
    ax = _axes(ax)
    values, axes = found._drawn(signal, output)
    if len(axes) == 2:
        _image(ax, values, axes[0], axes[1], signed=True)
        return ax
    (axis,) = axes
    if axis.values is None:
        ax.barh(range(len(values)), values)
        ax.set_yticks(range(len(values)), axis.labels)
        ax.invert_yaxis()
        ax.axvline(0, color="0.7", linewidth=0.8)
        ax.set_xlabel("attribution")
    else:
        order = np.argsort(axis.values, kind="stable")
        ax.plot(axis.values[order], values[order])
        ax.axhline(0, color="0.7", linewidth=0.8)
        ax.set_xlabel(axis.title)
        ax.set_ylabel("attribution")
    return ax


def _image(ax: Any, values: np.ndarray, rows: Any, columns: Any, signed: bool) -> None:
    extent = None
    if columns.values is not None and rows.values is not None and len(columns) > 1 and len(rows) > 1:
        half_x = (columns.values[1] - columns.values[0]) / 2
        half_y = (rows.values[1] - rows.values[0]) / 2
        extent = (columns.values[0] - half_x, columns.values[-1] + half_x, rows.values[0] - half_y, rows.values[-1] + half_y)
    limit = float(np.abs(values).max()) or 1.0
    image = ax.imshow(
        values,
        aspect="auto",
        origin="lower" if extent else "upper",
        extent=extent,
        cmap="RdBu_r" if signed else "viridis",
        vmin=-limit if signed else 0.0,
        vmax=limit,
        interpolation="nearest",
    )
    for axis, set_ticks, set_label in ((columns, ax.set_xticks, ax.set_xlabel), (rows, ax.set_yticks, ax.set_ylabel)):
        set_label(axis.title)
        if extent is None:
            places = np.unique(np.linspace(0, len(axis) - 1, min(len(axis), 8)).round().astype(int))
            set_ticks(places, [axis.labels[i] for i in places])
    ax.figure.colorbar(image, ax=ax, label="attribution")


def draw_map(values: np.ndarray, ax: Any, channels: Sequence[str] | None, title: str) -> matplotlib.axes.Axes:
    """A map of channels by latents."""
    ax = _axes(ax)
    image = ax.imshow(values, aspect="auto", cmap="viridis", vmin=0.0, interpolation="nearest")
    ax.set_xlabel("latent")
    ax.set_ylabel("channel")
    ax.set_title(title)
    ax.set_xticks(range(values.shape[1]))
    if channels is not None and len(channels) <= 60:
        ax.set_yticks(range(len(channels)), channels)
    ax.figure.colorbar(image, ax=ax, label="mean absolute attribution")
    return ax


def draw_verdicts(verdicts: np.ndarray, ax: Any, channels: Sequence[str] | None) -> matplotlib.axes.Axes:
    """Which entries are connected."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    ax = _axes(ax)
    names = ["not connected", "undecided", "connected"]
    numbers = np.vectorize(names.index, otypes=[int])(verdicts)
    colours = ListedColormap(["#f2f2f2", "#bdbdbd", "#2166ac"])
    image = ax.imshow(
        numbers, aspect="auto", cmap=colours, norm=BoundaryNorm([-0.5, 0.5, 1.5, 2.5], 3), interpolation="nearest"
    )
    ax.set_xlabel("latent")
    ax.set_ylabel("channel")
    ax.set_xticks(range(verdicts.shape[1]))
    if channels is not None and len(channels) <= 60:
        ax.set_yticks(range(len(channels)), channels)
    bar = ax.figure.colorbar(image, ax=ax, ticks=[0, 1, 2])
    bar.ax.set_yticklabels(names)
    return ax


def draw_embedding(
    embedding: np.ndarray, colours: Any, ax: Any, latents: Sequence[int] | None
) -> matplotlib.axes.Axes:
    """The points of an embedding in two or three of its dimensions."""
    chosen = list(range(min(3, embedding.shape[1]))) if latents is None else [int(k) for k in latents]
    if len(chosen) not in (2, 3):
        raise ValueError(f"latents lists {len(chosen)} latents; a picture shows two or three")
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.figure().add_subplot(projection="3d" if len(chosen) == 3 else None)
    if colours is not None:
        colours = np.asarray(colours)
        colours = colours[:, 0] if colours.ndim == 2 else colours
        if colours.dtype.kind not in "fiub":
            colours = np.unique(colours, return_inverse=True)[1]
        if len(colours) != len(embedding):
            raise ValueError(f"y has {len(colours)} values for {len(embedding)} points")
    points = ax.scatter(*(embedding[:, k] for k in chosen), c=colours, s=3, cmap="viridis")
    names = [f"latent {k}" for k in chosen]
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    if len(chosen) == 3:
        ax.set_zlabel(names[2])
    if colours is not None:
        ax.figure.colorbar(points, ax=ax)
    return ax
