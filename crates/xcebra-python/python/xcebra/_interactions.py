"""Domains compared, and what groups of coefficients do only together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._axes import Axes, Axis
from ._explain import CrossDomainIG
from ._run import shown

if TYPE_CHECKING:
    import pandas


@dataclass
class DomainScore:
    """How well a domain suits a signal: few coefficients should carry the output.

    Attributes
    ----------
    domain : str
    gini : float
        Concentration of the attribution, 0 to 1; the mean over the outputs and signals.
    carriers : float
        How many coefficients carry nine tenths of it.
    deletion_area : float or None
        Area under the curve of the output while the strongest coefficients are taken away; small is good.
    """

    domain: str
    gini: float
    carriers: float
    deletion_area: float | None


def domain_names() -> dict[str, str]:
    """Every domain that has a name: how it is written, and what it is.

    Examples
    --------
    >>> import xcebra
    >>> xcebra.domain_names()["rfft"]
    'one-sided spectrum'
    """
    return {usage: text for usage, text, _ in _xcebra.domain_names()}


def rank_domains(
    model: Any,
    x: Any,
    domains: Sequence[Any] = ("time", "rfft", "stft", "wavelet"),
    *,
    baselines: Any = None,
    target: Any = None,
    progress: bool | Callable[..., None] | None = None,
    n_threads: int | None = None,
    **settings: Any,
) -> list[DomainScore]:
    """Compare domains: those first in which few coefficients carry the output.

    Parameters
    ----------
    model, x, baselines, target
        As `CrossDomainIG` takes them.
    domains : sequence
    **settings
        Of `CrossDomainIG`, such as ``fs``.

    Returns
    -------
    list of DomainScore
    """
    ig = CrossDomainIG(model, "time", **settings)
    asked = ig._ask(x, baselines, target, False, None)
    with shown(progress, n_threads=n_threads) as seen:
        found = _xcebra.choose(asked.model.native, list(domains), asked.arrays, asked.question, seen)
    scores: dict[str, list[Any]] = {}
    for signal in found:
        for name, gini, carriers, areas in signal:
            scores.setdefault(name, []).append((np.mean(gini), np.mean(carriers), [a for a in areas if a is not None]))
    means = []
    for name, rows in scores.items():
        deleted: list[float] = [area for row in rows for area in row[2]]
        means.append(
            DomainScore(
                name,
                float(np.mean([row[0] for row in rows])),
                float(np.mean([row[1] for row in rows])),
                float(np.mean(deleted)) if deleted else None,
            )
        )
    return sorted(means, key=lambda score: -score.gini)


@dataclass
class Interactions:
    """What groups of coefficients contribute alone and only together.

    Attributes
    ----------
    names : list of str, or a pair of lists
        The groups; for two domains, those of each.
    values : ndarray of float64, (outputs, groups, groups)
        Off the diagonal what a pair adds to its parts, on it what a group does alone. For two domains, what a group of
        the first (rows) and of the second (columns) hold in common or only do together.
    alone : pair of ndarray (outputs, groups), or None
        For two domains: what the output loses without a group.
    """

    names: Any
    values: np.ndarray
    evaluations: int
    alone: tuple[np.ndarray, np.ndarray] | None = None

    def to_frame(self, output: int = 0) -> pandas.DataFrame:
        """The values of one output as a table; needs pandas."""
        import pandas

        rows, columns = self.names if self.alone is not None else (self.names, self.names)
        return pandas.DataFrame(self.values[output], index=rows, columns=columns)


def interactions(
    model: Any,
    x: Any,
    domain: Any,
    groups: Any,
    *,
    other: tuple[Any, Any] | None = None,
    method: str = "inclusion",
    nodes: int = 16,
    step: float = 1e-4,
    baselines: Any = None,
    target: Any = None,
    progress: bool | Callable[..., None] | None = None,
    n_threads: int | None = None,
    **settings: Any,
) -> Interactions:
    """What groups of coefficients do only together, for one signal.

    Parameters
    ----------
    model : object
        As `CrossDomainIG` takes it.
    x : array, (1, …)
        One signal.
    domain : str or object
    groups : dict or str
        Bands of frequencies by name, ``{"slow": (0, 4), "fast": (4, 30)}``, or the role of an axis whose groups or
        entries are taken, such as ``"channel"``. What is in no group is one more, ``other``.
    other : (domain, groups), optional
        A second domain with its groups: band by time window, say.
    method : "inclusion" or "hessian"
        Differences of values, for any model; or integrated Hessians, for smooth ones.
    nodes, step : int, float
        Of integrated Hessians.

    Returns
    -------
    Interactions

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> product = xcebra.models.BlackBox(lambda x: x[:, 0, :].sum(1) * x[:, 1, :].sum(1))
    >>> found = xcebra.interactions(product, np.ones((1, 2, 3)), "time", "channel")
    >>> found.values[0].tolist()  # neither channel does anything alone
    [[0.0, 9.0], [9.0, 0.0]]
    """
    ig = CrossDomainIG(model, domain, **settings)
    asked = ig._ask(x, baselines, target, False, None)
    if len(asked.signals) != 1:
        raise ValueError(f"x holds {len(asked.signals)} signals; interactions are of one, x[i : i + 1]")
    if asked.question["summed"]:
        raise ValueError("target is a weighted sum; interactions are of outputs, so weight those of each output instead")
    outputs = sorted({k for k, _ in asked.question["targets"][0]})
    first = _members(asked, domain, groups)
    with shown(progress, n_threads=n_threads) as seen:
        if other is not None:
            second = _members(asked, other[0], other[1])
            found = _xcebra.interact_across(
                asked.model.native, (domain, other[0]), (first, second), asked.arrays, asked.question, seen
            )
            alone = tuple(array[outputs] for array in found["alone"])
            return Interactions(found["names"], found["values"][outputs], found["evaluations"], alone)
        if method not in ("inclusion", "hessian"):
            raise ValueError(f'method is {method!r}; pass "inclusion" or "hessian"')
        hessians = (int(nodes), float(step)) if method == "hessian" else None
        found = _xcebra.interact(asked.model.native, (domain, first), asked.arrays, hessians, asked.question, seen)
    return Interactions(found["names"], found["values"][outputs], found["evaluations"])


def _members(asked: Any, domain: Any, groups: Any) -> list[tuple[str, list[int]]]:
    """Flat indices of the coefficients of each group."""
    told = _xcebra.describe(asked.model.native, domain, asked.arrays, asked.question)
    axes = Axes([Axis._of(axis) for axis in told["axes"]])
    shape = tuple(len(axis) for axis in axes.all())
    if isinstance(groups, Mapping):
        position, axis, members = axes.bands(groups)
        names = axis.labels
    else:
        position = axes.position(groups)
        axis = axes[position]
        sets = axis.groups or [(label, [i]) for i, label in enumerate(axis.labels)]
        names, members = [name for name, _ in sets], [inside for _, inside in sets]
    flat = np.arange(int(np.prod(shape))).reshape(shape)
    found = [(name, np.take(flat, inside, axis=position).reshape(-1).tolist()) for name, inside in zip(names, members, strict=True)]
    return [(name, inside) for name, inside in found if inside]
