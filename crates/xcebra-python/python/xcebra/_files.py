"""Data files as people have them: what is inside, and recordings with their labels."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._run import shown

if TYPE_CHECKING:
    import pandas


class Contents:
    """What is inside a data file, a line for each array.

    Attributes
    ----------
    arrays : list of dict
        Name, shape, type and use of each array; its unit and its times where the file tells them.
    recordings : list of str
        Names of the arrays that could be a recording.
    """

    def __init__(self, text: str, told: Mapping[str, Any]) -> None:
        self._text = text
        self.file: str = told["file"]
        self.arrays: list[dict[str, Any]] = list(told["arrays"])
        self.recordings: list[str] = list(told["recordings"])

    def __repr__(self) -> str:
        return self._text

    def to_pandas(self) -> pandas.DataFrame:
        """The arrays as a table; needs pandas."""
        import pandas

        return pandas.DataFrame(self.arrays).set_index("name")


@dataclass(repr=False)
class Recording:
    """A recording with its labels, as `read` gives it and `XCEBRA` takes it.

    Attributes
    ----------
    x : ndarray (time, channels)
    t : ndarray (time,) or None
        When each row was measured, in seconds; the centres of the bins if there are bins.
    labels : dict of ndarray
        A value or a row for each row of `x`.
    channels : list of str or None
    units : list of str or None
        Physical units of the channels.
    fs : float or None
        Rows per second.
    breaks : list of int
        Rows before which the recording was interrupted. Nothing that is trained on crosses one.
    notes : list of str
        What was assumed, left out or repaired.
    """

    x: np.ndarray
    t: np.ndarray | None = None
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    channels: list[str] | None = None
    units: list[str] | None = None
    fs: float | None = None
    breaks: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def segments(self) -> list[slice]:
        """The stretches without an interruption, as slices of rows."""
        ends = [0, *self.breaks, len(self.x)]
        return [slice(first, last) for first, last in zip(ends[:-1], ends[1:], strict=True)]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `x`."""
        return self.x.shape

    def __len__(self) -> int:
        return len(self.x)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.asarray(self.x, dtype=dtype)
        return found.copy() if copy and found is self.x else found

    def __repr__(self) -> str:
        axes = " × ".join(str(n) for n in self.shape)
        parts = [f"{axes} {self.x.dtype}"]
        if self.fs is not None:
            parts.append(f"{self.fs:g} Hz")
        if self.breaks:
            parts.append(f"{len(self.segments)} segments")
        if self.labels:
            parts.append("labels " + ", ".join(self.labels))
        return f"<Recording: {'; '.join(parts)}>"

    def to_pandas(self) -> pandas.DataFrame:
        """The recording as a table with its times as index; needs pandas."""
        import pandas

        index = None if self.t is None else pandas.Index(self.t, name="time")
        x = self.x[:, None] if self.x.ndim == 1 else self.x
        return pandas.DataFrame(x, index=index, columns=self.channels)


def show(path: str | os.PathLike[str]) -> Contents:
    """What is inside a data file.

    Parameters
    ----------
    path : path
        A file of any format that ``xcebra files`` lists: .npz, .npy, .csv, .h5, .nwb, .mat, .edf, .parquet and others.

    Returns
    -------
    Contents
        Prints as a line for each array.
    """
    text, told = _xcebra.show_file(os.fspath(path))
    return Contents(text, json.loads(told))


def read(
    path: str | os.PathLike[str],
    *,
    label: str | Sequence[str] | Mapping[str, str] = (),
    bin: str | float | None = None,  # noqa: A002
    smooth: str | float | None = None,
    units: str | None = None,
    epochs: str | None = None,
    missing: str = "cut",
    constant: str = "drop",
    angles: str | Sequence[str] = (),
    classes: str | Sequence[str] = (),
) -> Recording:
    """Read a recording and its labels from a file.

    With `bin`, spikes, signals and labels of any rates come in the bins of one clock, as ``xcebra convert`` writes them.
    Without it, the arrays come as they are in the file.

    Parameters
    ----------
    path : path
        The file, or ``"FILE:ARRAY"``; without an array the units of a file, or all its channels.
    label : str, sequence of str, or dict
        Names of the labels, such as ``"position"`` or ``"stage=hypnogram.edf:annotations"``; a dict gives the array of
        each name.
    bin : str or float, optional
        Length of the bins, such as ``"25ms"``; a number is in seconds.
    smooth : str or float, optional
        Standard deviation of a Gaussian kernel that turns spikes into rates in Hz; counts without it.
    units : str, optional
        Which units are taken, such as ``"quality=good,region=CA1"``.
    epochs : str, optional
        Table of the intervals to which the recording is restricted, such as ``"trials"``.
    missing : str
        What happens to bins without a value: ``"cut"``, ``"interpolate=200ms"`` or ``"refuse"``.
    constant : "drop" or "refuse"
        What happens to channels that never change.
    angles, classes : str or sequence of str
        Labels that are angles in radians, and labels that are classes.

    Returns
    -------
    Recording
        `XCEBRA.fit` takes it with its labels.
    """
    texts = [f"{name}={array}" for name, array in label.items()] if isinstance(label, Mapping) else _texts(label)
    clock = None
    words = {"units": units, "epochs": epochs, "missing": missing, "constant": constant}
    for name, value in words.items():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} is text, not {value!r}")
    told: dict[str, Any] = {
        "smooth": None if smooth is None else _length(smooth),
        **words,
        "angles": _texts(angles),
        "classes": _texts(classes),
    }
    if bin is not None:
        told["bin"] = _length(bin)
        clock = json.dumps({name: value for name, value in told.items() if value is not None})
    else:
        usual = {"missing": "cut", "constant": "drop", "angles": [], "classes": []}
        names = [name for name, value in told.items() if value is not None and value != usual.get(name)]
        if names:
            verb = "needs" if len(names) == 1 else "need"
            raise ValueError(f'{" and ".join(names)} {verb} bins: pass bin as well, such as bin="25ms"')
    with shown(False) as seen:
        found: dict[str, Any] = _xcebra.read_file(os.fspath(path), texts, clock, seen)
    labels = {name: np.asarray(values) for name, values in found.pop("labels").items()}
    return Recording(labels=labels, **found)


def _texts(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else [str(one) for one in given]


def _length(given: str | float) -> str:
    return given if isinstance(given, str) else f"{float(given)!r}s"
