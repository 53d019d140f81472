"""What each coefficient of a signal contributes to an output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ._axes import Axes, Axis, grouped

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas
    import xarray


@dataclass
class Attribution:
    """What each coefficient of each signal contributes to an output.

    Attributes
    ----------
    domain : str
        Name of the domain.
    values : ndarray of float64, (n, …coefficients) or (n, outputs, …coefficients)
        The attribution, in the unit of the output.
    coefficients, baseline_coefficients : ndarray, (n, …coefficients)
        The signals and the baselines in the domain.
    axes : Axes
        What the axes of the coefficients are; ``axes["frequency"].values`` are their numbers.
    value, baseline_value : ndarray of float64, (n,) or (n, outputs)
        The model's output for the signals and for the baselines.
    residual : ndarray of float64, like `value`
        ``value - baseline_value - values.sum()``: what a fixed rule missed. The adaptive rule uses the difference it
        knows, so look at `error_estimate` there.
    rounding : ndarray of float64, like `value`
        What rounding alone may make of the residual.
    error_estimate : ndarray of float64 or None, like `value`
        For the adaptive rule: estimated root of the sum of squared errors of the attributions.
    jumps : ndarray of float64 or None, like `value`
        For the adaptive rule: how much of the difference is in jumps of the model, which no gradient sees.
    tolerance_met : ndarray of bool or None, (n,)
        For the adaptive rule: whether it met its tolerance.
    standard_error : ndarray of float64 or None, like `values`
        With several baselines: standard error of the mean over them.
    evaluations, value_evaluations : int
        Gradients and values of single samples that were computed.
    """

    domain: str
    values: np.ndarray
    coefficients: np.ndarray
    baseline_coefficients: np.ndarray
    axes: Axes
    outputs: list[list[int]]
    has_output_axis: bool
    value: np.ndarray
    baseline_value: np.ndarray
    residual: np.ndarray
    rounding: np.ndarray
    rule: str
    evaluations: int
    value_evaluations: int
    error_estimate: np.ndarray | None = None
    jumps: np.ndarray | None = None
    tolerance_met: np.ndarray | None = None
    standard_error: np.ndarray | None = None
    fs: float | None = None

    @property
    def convergence_delta(self) -> np.ndarray:
        """The sum of the attributions less the difference of the outputs: captum's delta, ``-residual``."""
        return -self.residual

    @property
    def dims(self) -> tuple[str, ...]:
        """Name of each axis of `values`."""
        return ("signal", *(("output",) if self.has_output_axis else ()), *self.axes.names)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {size}" for name, size in zip(self.dims, self.values.shape, strict=True))
        lines = [f"Attribution in the domain {self.domain}: {sizes}"]
        lines.append(
            f"  output {_span(self.value)} for the signals, {_span(self.baseline_value)} for the baselines; "
            f"largest residual {np.abs(self.residual).max():.2g}"
        )
        if self.tolerance_met is not None:
            met = int(self.tolerance_met.sum())
            lines.append(f"  tolerance met for {met} of {len(self)} signals, {self.evaluations} gradients")
        lines.extend(f"  {row['attribution']:+.4g}  {row['coefficient']}" for row in self.top(3))
        return "\n".join(lines)

    def _axis(self, key: str | int) -> int:
        """Number of an axis of the coefficients among those of `values`."""
        return self.axes.position(key) + 1 + int(self.has_output_axis)

    def _summed(self, position: int, axis: Axis | None, members: list[list[int]] | None) -> Attribution:
        def along(array: np.ndarray | None, at: int) -> np.ndarray:
            if array is None:
                return None  # type: ignore[return-value]
            if members is None:
                return array.sum(axis=at)
            return np.stack([array.take(m, axis=at).sum(axis=at) for m in members], axis=at)

        at = position + 1 + int(self.has_output_axis)
        return replace(
            self,
            values=along(self.values, at),
            coefficients=along(self.coefficients, position + 1),
            baseline_coefficients=along(self.baseline_coefficients, position + 1),
            axes=self.axes.replaced(position, axis),
            # errors of a sum do not follow from those of its parts
            standard_error=None,
        )

    def by_band(self, bands: Mapping[str, tuple[float, float]]) -> Attribution:
        """Sums over bands of frequencies.

        Parameters
        ----------
        bands : dict of str to (low, high)
            Limits in the unit of the axis; the upper one is excluded. Frequencies of both signs count by their size.
            What is in no band is added up as ``other``.

        Examples
        --------
        >>> import numpy as np, xcebra
        >>> f = xcebra.models.Callables(lambda x: (x**2).sum(1), lambda x, c: 2 * x * c[:, None])
        >>> t = np.arange(64) / 64
        >>> x = np.sin(2 * np.pi * 3 * t) + 2 * np.sin(2 * np.pi * 10 * t)
        >>> a = xcebra.CrossDomainIG(f, "rfft", fs=64).attribute(x[None])
        >>> a.by_band({"slow": (1, 5), "fast": (5, 33)}).values[0, :2].round(3).tolist()
        [32.0, 128.0]
        """
        position, axis, members = self.axes.bands(bands)
        return self._summed(position, axis, members)

    def by_group(self, axis: str | int) -> Attribution:
        """Sums over the groups of an axis, such as the levels of a wavelet or the components of a mixture."""
        position = self.axes.position(axis)
        summed, members = grouped(self.axes[position])
        return self._summed(position, summed, members)

    def by_label(self, labels: Any) -> dict[Any, dict[str, Any]]:
        """Summaries of groups of signals, such as those of one class.

        Means over signals of different classes can hide what matters in each.

        Parameters
        ----------
        labels : sequence of n
            The group of each signal. With one output for each signal, ``[o[0] for o in a.outputs]`` are those outputs.

        Returns
        -------
        dict of label to dict
            ``signals``, their number, and arrays ``(…coefficients)`` or ``(outputs, …coefficients)``: ``mean``,
            ``mean_absolute``, and ``standard_deviation`` of the attributions over the signals.
        """
        labels = np.asarray(labels)
        if labels.shape != (len(self.values),):
            raise ValueError(f"labels have shape {labels.shape}; pass one for each of the {len(self.values)} signals")
        summaries = {}
        for label in np.unique(labels):
            own = self.values[labels == label]
            summaries[label.item()] = {
                "signals": len(own),
                "mean": own.mean(axis=0),
                "mean_absolute": np.abs(own).mean(axis=0),
                "standard_deviation": own.std(axis=0),
            }
        return summaries

    def sum(self, *axes: str | int) -> Attribution:
        """Sums over axes of the coefficients, such as ``"time"``."""
        found = self
        for position in sorted((self.axes.position(axis) for axis in axes), reverse=True):
            found = found._summed(position, None, None)
        return found

    def by_axis(self, axis: str | int) -> Attribution:
        """Sums over all axes of the coefficients but one: by channel, by frequency."""
        kept = self.axes.position(axis)
        return self.sum(*(i for i in range(len(self.axes)) if i != kept))

    def by_channel(self) -> Attribution:
        """Sums over all axes but the channels."""
        return self.by_axis("channel")

    def top(self, k: int = 10, signal: int = 0, output: int = 0) -> list[dict[str, Any]]:
        """The coefficients of one signal that contribute most, by size.

        Returns
        -------
        list of dict
            With ``coefficient`` (in words), ``index`` and ``attribution``.
        """
        values = self.values[signal]
        if self.has_output_axis:
            values = values[output]
        flat = np.argsort(-np.abs(values), axis=None, kind="stable")[:k]
        found = []
        for place in flat:
            index = np.unravel_index(place, values.shape)
            words = [
                label if axis.role in ("coefficient", "wavelet", "band") else f"{axis.role} {label}"
                for axis, label in (
                    (axis, axis.labels[i]) for axis, i in zip(self.axes.all(), index, strict=True) if len(axis) > 1
                )
            ]
            found.append(
                {
                    "coefficient": ", ".join(words) or "all",
                    "index": tuple(int(i) for i in index),
                    "attribution": float(values[index]),
                }
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain lists, numbers and strings."""
        found: dict[str, Any] = {"domain": self.domain, "dims": list(self.dims), "rule": self.rule}
        for name, axis in zip(self.axes.names, self.axes.all(), strict=True):
            found[name] = axis.coordinates.tolist()
        for name in ("values", "value", "baseline_value", "residual", "error_estimate", "tolerance_met"):
            array = getattr(self, name)
            found[name] = None if array is None else array.tolist()
        return found

    def to_xarray(self) -> xarray.DataArray:
        """The values as a labelled array; needs xarray."""
        import xarray

        coords: dict[str, Any] = {}
        for name, axis in zip(self.axes.names, self.axes.all(), strict=True):
            coords[name] = (name, axis.coordinates, {"units": axis.unit} if axis.unit else {})
        if self.has_output_axis:
            coords["output"] = self.outputs[0]
        return xarray.DataArray(self.values, dims=self.dims, coords=coords, name="attribution",
                                attrs={"domain": self.domain, "rule": self.rule})

    def to_frame(self) -> pandas.DataFrame:
        """A row for each coefficient of each signal; needs pandas."""
        import pandas

        levels: list[Any] = [range(len(self))]
        if self.has_output_axis:
            levels.append(self.outputs[0])
        levels.extend(axis.coordinates for axis in self.axes.all())
        index = pandas.MultiIndex.from_product(levels, names=self.dims)
        frame = pandas.DataFrame({"attribution": self.values.reshape(-1)}, index=index)
        return frame.reset_index()

    def plot(self, ax: matplotlib.axes.Axes | None = None, *, signal: int = 0, output: int = 0) -> matplotlib.axes.Axes:
        """Draw one signal's attribution: bars, a line, or a map of two axes; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        signal : int
        output : int
            Which of the outputs, if there are several.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from ._plot import draw_attribution

        return draw_attribution(self, ax, signal, output)

    def _drawn(self, signal: int, output: int) -> tuple[np.ndarray, list[Axis]]:
        """The values of one signal along at most two axes; over further ones they are summed."""
        if not -len(self) <= signal < len(self):
            raise IndexError(f"there are {len(self)} signals, no signal {signal}")
        values = self.values[signal]
        if self.has_output_axis:
            values = values[output]
        axes = self.axes.all()
        shown = [i for i, axis in enumerate(axes) if len(axis) > 1] or [len(axes) - 1]
        if len(shown) > 2:
            # channels are summed before time and frequency
            shown = [i for i in shown if axes[i].role != "channel"][-2:]
        values = values.sum(axis=tuple(i for i in range(len(axes)) if i not in shown))
        return values, [axes[i] for i in shown]

    def _repr_html_(self) -> str:
        from ._html import attribution_html

        return attribution_html(self)


def _span(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
