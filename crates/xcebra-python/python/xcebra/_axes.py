"""Axes of coefficients: what runs along them, in which unit, and what their entries are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import _xcebra


@dataclass
class Axis:
    """One axis of an array of coefficients.

    Attributes
    ----------
    role : str
        What runs along it: ``channel``, ``time``, ``frequency``, ``quefrency``, ``band``, ``wavelet``,
        ``component``, ``part`` or any other word.
    unit : str
        Unit of the values, such as ``Hz``; empty for counts and names.
    values : ndarray of float or None
        Value of each entry, if entries are numbers.
    names : list of str or None
        Name of each entry, if entries have names.
    labels : list of str
        Each entry in words, with its unit.
    groups : list of (str, list of int)
        Named sets of entries that are read together, such as the levels of a wavelet.
    frequency_limits : ndarray of float (entries, 2) or None
        Lowest and highest frequency of each entry, if it has some.
    centres, widths : ndarray of float or None
        For wavelets: middle and width in seconds.
    mixing : ndarray of float (channels, components) or None
        For components: how much of each is in each channel.
    """

    role: str
    unit: str = ""
    values: np.ndarray | None = None
    names: list[str] | None = None
    labels: list[str] = field(default_factory=list)
    groups: list[tuple[str, list[int]]] = field(default_factory=list)
    frequency_limits: np.ndarray | None = None
    centres: np.ndarray | None = None
    widths: np.ndarray | None = None
    mixing: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.asarray(self.labels) if self.values is None else self.values
        return np.array(found, dtype=dtype) if copy is not False else np.asarray(found, dtype=dtype)

    def __repr__(self) -> str:
        unit = f", {self.unit}" if self.unit else ""
        shown = self.labels if len(self) <= 3 else [self.labels[0], "…", self.labels[-1]]
        return f"Axis({self.role}{unit}: {', '.join(shown)}; {len(self)})"

    @property
    def title(self) -> str:
        """What is written beside the axis of a picture."""
        return f"{self.role} ({self.unit})" if self.unit and self.values is not None else self.role

    @property
    def coordinates(self) -> np.ndarray:
        """Values of the entries, or their words."""
        return np.asarray(self)

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Axis:
        limits = told["frequency_limits"]
        values = told.get("values")
        return cls(
            role=told["role"],
            unit=told["unit"],
            values=values,
            names=None if values is not None else list(told["labels"]),
            labels=list(told["labels"]),
            groups=list(told["groups"]),
            frequency_limits=None if limits is None else np.asarray(limits, dtype=float).reshape(-1, 2),
            centres=told.get("centres"),
            widths=told.get("widths"),
            mixing=told.get("mixing"),
        )


class Axes(Mapping[str, Axis]):
    """The axes of an array of coefficients, by their role or their number."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = list(axes)

    def __getitem__(self, key: str | int) -> Axis:
        return self._axes[self.position(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self._axes)

    def __repr__(self) -> str:
        return "Axes(" + ", ".join(map(repr, self._axes)) + ")"

    @property
    def names(self) -> list[str]:
        """Role of each axis; if several have one role, the later ones are numbered."""
        found: list[str] = []
        for axis in self._axes:
            count = sum(name.split(" ")[0] == axis.role for name in found)
            found.append(axis.role if count == 0 else f"{axis.role} {count + 1}")
        return found

    def position(self, key: str | int) -> int:
        """Number of an axis, counted from 0 among the axes of the coefficients."""
        if isinstance(key, (int, np.integer)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"there are {len(self)} axes, no axis {key}")
            return int(key) % len(self)
        if key not in self.names:
            raise KeyError(f"there is no axis {key!r}; there are {', '.join(map(repr, self.names))}")
        return self.names.index(key)

    def all(self) -> list[Axis]:
        """The axes in order."""
        return list(self._axes)

    def replaced(self, position: int, axis: Axis | None) -> Axes:
        """The same axes with another one, or none, in place of one."""
        new = [] if axis is None else [axis]
        return Axes(self._axes[:position] + new + self._axes[position + 1 :])

    def bands(self, bands: Mapping[str, tuple[float, float]]) -> tuple[int, Axis, list[list[int]]]:
        """The axis that has frequencies, the axis of these bands, and which entries are in which band.

        Raises
        ------
        ValueError
            If no axis has frequencies, or an entry lies partly inside a band.
        """
        told = []
        for axis in self._axes:
            limits = axis.frequency_limits
            pairs = None if limits is None else [(float(a), float(b)) for a, b in limits]
            told.append((axis.role, pairs, len(axis)))
        wanted = [(str(name), (float(low), float(high))) for name, (low, high) in bands.items()]
        position, found = _xcebra.bands_of(told, wanted)
        names = [name for name, _, _ in found]
        limits = np.asarray([(np.nan, np.nan) if pair is None else pair for _, pair, _ in found]).reshape(-1, 2)
        axis = Axis("band", self._axes[position].unit, names=names, labels=names, frequency_limits=limits)
        return position, axis, [members for _, _, members in found]


def grouped(axis: Axis) -> tuple[Axis, list[list[int]]]:
    """The axis of the groups of an axis, and the entries in each."""
    if not axis.groups:
        raise ValueError(f"the axis {axis.role!r} has no groups; use by_band, or sum over the axis")
    names = [name for name, _ in axis.groups]
    return replace(axis, values=None, names=names, labels=names, groups=[], frequency_limits=None,
                   centres=None, widths=None, mixing=None), [members for _, members in axis.groups]
