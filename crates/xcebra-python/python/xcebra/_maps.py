"""Attribution maps over many samples, and tests of their entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._arrays import read_signals, tells_its_library, to_float
from ._run import shown
from .models._prepare import prepare

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas
    import xarray


@dataclass
class AttributionMap:
    """How much each input matters to each output, over all samples.

    Attributes
    ----------
    method : str
    values : ndarray of float64, (channels, latents) or (…inputs, outputs)
        Means over the samples of absolute attributions; of an encoder that sees several samples, means over its lags.
    signed : ndarray of float64, like `values`
        Means of signed attributions.
    samples : int
    channels : list of str
        Names of the rows, for a map of an encoder.
    rank_counts : list of int or None
        For methods that invert Jacobians: how many have rank 0, 1, ….
    condition : (float, float, float) or None
        Smallest, mean and largest condition number of them.
    standard_errors : ndarray or None
        For methods that draw at random.
    per_sample : ndarray of float64 or None
        The attributions of each sample, ``(n, …inputs, outputs)``, if they were kept.
    comparable : ndarray of float64, (channels, latents), or None
        Of ``"ing"`` of an encoder, in units that are comparable between latents: `effects` over their mean over channels.
    effects : ndarray of float64, (channels, latents), or None
        The change of a channel, in its standard deviations, when the latents that belong together move by one.
    """

    method: str
    values: np.ndarray
    signed: np.ndarray
    samples: int
    channels: list[str] | None = None
    rank_counts: list[int] | None = None
    condition: tuple[float, float, float] | None = None
    standard_errors: np.ndarray | None = None
    per_sample: np.ndarray | None = None
    comparable: np.ndarray | None = None
    effects: np.ndarray | None = None
    #: The report, or what makes it once it is asked for.
    _page: str | Callable[[], str] | None = None

    @classmethod
    def _of_encoder(cls, told: Mapping[str, Any], channels: list[str], page: Callable[[], str]) -> AttributionMap:
        return cls(
            method=told["method"],
            values=told["by_channel"],
            signed=told["signed_by_channel"],
            samples=told["samples"],
            channels=channels,
            rank_counts=told.get("rank_counts"),
            condition=told.get("condition"),
            comparable=told.get("comparable"),
            effects=told.get("effects"),
            _page=page,
        )

    @classmethod
    def _of_model(cls, told: Mapping[str, Any]) -> AttributionMap:
        shape = tuple(told["input_shape"])

        def shaped(array: np.ndarray | None) -> Any:
            return None if array is None else array.reshape(*shape, array.shape[-1])

        kept = told.get("samples_values")
        return cls(
            method=told["method"],
            values=shaped(told["values"]),
            signed=shaped(told["signed"]),
            samples=told["samples"],
            rank_counts=told.get("rank_counts"),
            condition=told.get("condition"),
            standard_errors=shaped(told["standard_errors"]),
            per_sample=None if kept is None else kept.reshape(len(kept), *shape, kept.shape[-1]),
        )

    @property
    def report(self) -> str | None:
        """The report of an encoder's maps, a page of HTML, which is made when it is first asked for."""
        if callable(self._page):
            self._page = self._page()
        return self._page

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_page": self.report}

    @property
    def ranks(self) -> np.ndarray:
        """For each latent the channels, the one that matters most first, ``(channels, latents)``."""
        return np.argsort(-self.values, axis=0, kind="stable")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    def __repr__(self) -> str:
        text = f"AttributionMap by {self.method}: {' × '.join(map(str, self.values.shape))}, {self.samples} samples"
        if self.condition is not None:
            text += f", condition number {self.condition[1]:.3g} on average"
        return text

    def to_frame(self) -> pandas.DataFrame:
        """A row for each channel, a column for each latent; needs pandas."""
        import pandas

        values = self.values.reshape(-1, self.values.shape[-1])
        index = self.channels if self.channels is not None else range(len(values))
        columns = [f"latent {k}" for k in range(values.shape[1])]
        return pandas.DataFrame(values, index=pandas.Index(index, name="channel"), columns=columns)

    def to_xarray(self) -> xarray.DataArray:
        """The values as a labelled array; needs xarray."""
        import xarray

        inputs = ["channel", "time"] if self.values.ndim > 2 else ["channel"]
        inputs += [f"axis {k}" for k in range(self.values.ndim - 1 - len(inputs))]
        coords = {} if self.channels is None else {"channel": self.channels}
        return xarray.DataArray(self.values, dims=[*inputs, "latent"], coords=coords, name=self.method)

    def plot(
        self, ax: matplotlib.axes.Axes | None = None, *, channels: Sequence[str] | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the map; needs matplotlib."""
        from ._plot import draw_map

        return draw_map(self.values.reshape(-1, self.values.shape[-1]), ax, channels or self.channels, self.method)

    def _repr_html_(self) -> str:
        from ._html import page_html

        return page_html(self.report) if self.report else f"<pre>{self!r}</pre>"


@dataclass
class Significance:
    """Which entries of a map are more than chance.

    Attributes
    ----------
    verdicts : ndarray of str, (channels, latents)
        ``"connected"``, ``"not connected"`` or ``"undecided"``.
    pvalues, qvalues : ndarray of float64, (channels, latents)
        q-values are adjusted for the number of entries.
    low, high : ndarray of float64, (channels, latents)
        Intervals of the entries over blocks of time.
    map : AttributionMap
    agreement : list of float
        How alike the maps of the trainings are.
    words : str
        What was found, in sentences.
    smallest_effect : float
        A weaker connection may have been called not connected.
    left_out : list of int
        Numbers, from 0, of trainings that are far from all others and were left out.
    """

    verdicts: np.ndarray
    pvalues: np.ndarray
    qvalues: np.ndarray
    low: np.ndarray
    high: np.ndarray
    map: AttributionMap
    level: float
    trainings: int
    agreement: list[float]
    words: str
    smallest_effect: float
    left_out: list[int]

    @classmethod
    def _of(cls, told: Mapping[str, Any], found: AttributionMap) -> Significance:
        names = {1: "connected", 0: "undecided", -1: "not connected"}
        return cls(
            verdicts=np.vectorize(names.__getitem__, otypes=[object])(told["verdicts"]).astype(str),
            pvalues=told["pvalues"],
            qvalues=told["qvalues"],
            low=told["low"],
            high=told["high"],
            map=found,
            level=told["level"],
            smallest_effect=told["smallest_effect"],
            trainings=told["trainings"],
            agreement=list(told["agreement"]),
            words=told["words"],
            left_out=list(told["left_out"]),
        )

    def __repr__(self) -> str:
        return self.words

    def to_frame(self) -> pandas.DataFrame:
        """A row for each entry; needs pandas."""
        import pandas

        rows, columns = self.verdicts.shape
        names = self.map.channels or [str(i) for i in range(rows)]
        return pandas.DataFrame(
            {
                "channel": np.repeat(names, columns),
                "latent": np.tile(np.arange(columns), rows),
                "attribution": self.map.values.reshape(-1),
                "low": self.low.reshape(-1),
                "high": self.high.reshape(-1),
                "p": self.pvalues.reshape(-1),
                "q": self.qvalues.reshape(-1),
                "verdict": self.verdicts.reshape(-1),
            }
        )

    def plot(
        self, ax: matplotlib.axes.Axes | None = None, *, channels: Sequence[str] | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the verdicts; needs matplotlib."""
        from ._plot import draw_verdicts

        return draw_verdicts(self.verdicts, ax, channels or self.map.channels)

    def _repr_html_(self) -> str:
        return self.map._repr_html_()


def method_names() -> list[str]:
    """Names of all attribution methods.

    Examples
    --------
    >>> import xcebra
    >>> "ing" in xcebra.method_names()
    True
    """
    return list(_xcebra.method_names())


def attribute(
    model: Any,
    x: Any,
    method: str = "ing",
    *,
    per_sample: bool = False,
    batch_size: int | None = None,
    random_state: int = 0,
    progress: bool | Callable[..., None] | None = None,
    n_threads: int | None = None,
) -> AttributionMap:
    """Attribute a model's outputs to its inputs, over all samples.

    Parameters
    ----------
    model : object
        As `CrossDomainIG` takes it.
    x : array or tensor, (n, …)
        Samples of the shape that the model takes.
    method : str
        A name of `method_names`, with arguments in parentheses: ``"ing"``,
        ``"integrated-gradients(nodes=100, baseline=mean)"``, ``"shapley-sampling(permutations=50)"``.
    per_sample : bool
        Also keep the attributions of each sample.
    batch_size : int, optional
        Samples that go through the model together.
    random_state : int
    progress, n_threads
        As in `CrossDomainIG.attribute`.

    Returns
    -------
    AttributionMap

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> w = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    >>> linear = xcebra.models.Callables(lambda x: x @ w.T, lambda x, c: c @ w)
    >>> xcebra.attribute(linear, np.ones((5, 3)), "neuron-gradient").values.tolist()
    [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]
    """
    found = attribute_all(
        model, x, [method], per_sample, batch_size=batch_size, random_state=random_state, progress=progress, n_threads=n_threads
    )
    if len(found) != 1:
        raise ValueError("method names several methods; pass one")
    return found[0]


def attribute_all(
    model: Any,
    x: Any,
    methods: Sequence[str],
    per_sample: bool,
    *,
    batch_size: int | None = None,
    random_state: int = 0,
    progress: bool | Callable[..., None] | None = None,
    n_threads: int | None = None,
) -> list[AttributionMap]:
    """As `attribute`, by several methods, which share Jacobians."""
    known = read_signals(x)
    samples = to_float(known.values, "x")
    if samples.ndim < 2 or 0 in samples.shape:
        raise ValueError(f"x has shape {samples.shape}; pass samples (n, …) as the model takes them")
    prepared = prepare(model, x if tells_its_library(x) else known.values)
    with shown(progress, n_threads=n_threads) as seen:
        settings = {
            "methods": ",".join(map(str, methods)),
            "seed": int(random_state),
            "batch_size": batch_size,
            "kept": bool(per_sample),
        }
        found = _xcebra.attribute_model(prepared.native, samples, settings, seen)
    return [AttributionMap._of_model(one) for one in found]
