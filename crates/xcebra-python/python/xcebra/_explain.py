"""Cross-domain integrated gradients of any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np

from . import _xcebra
from ._arrays import is_tensor, read_signals, tells_its_library, to_float, to_numpy
from ._axes import Axes, Axis
from ._result import Attribution
from ._run import shown
from .models._prepare import Prepared, prepare

#: Frequencies in other units: how many of them are one Hz.
_UNITS = {"Hz": 1.0, "bpm": 60.0, "kHz": 1e-3, "mHz": 1e3}


class CrossDomainIG:
    """Integrated gradients in any domain with a differentiable inverse.

    Attributions add up to the difference between the model's outputs for the signal and for the baseline, in
    every domain.

    Parameters
    ----------
    model : object
        A torch or Keras module, a function of tensors or arrays, a pair of functions ``(value, vjp)``, the path of an
        ONNX file, or an object of `xcebra.models`. It takes signals ``(n, …)`` and gives outputs ``(n, …)``.
    domain : str or object
        The domain by name, such as ``"rfft"``, ``"stft:64:16"``, ``"wavelet:db4:5"``, ``"ica:5+rfft"`` (see
        `xcebra.domain_names`), an object of `xcebra.domains`, or one that inherits from `xcebra.domains.Domain`.
    fs : float, optional
        Sampling rate in Hz. Without it frequencies are in cycles per sample.
    time_axis : int
        Which axis of one signal is time; by default the last.
    rule : str
        The quadrature: ``"adaptive"``, ``"adaptive:TOLERANCE:POINTS"``, ``"gauss-legendre:50"``, ``"midpoint:N"``,
        ``"trapezoid:N"``, or ``"right:300"`` (the one of the original implementation).
    batch_size : int, optional
        How many points go through the model together, of all signals. By default 64 points of one signal, and up to 256
        of several as long as they hold no more than 262,144 numbers. Small models gain from larger batches.
    channels : sequence of str, optional
        Names of the channels. Of several inputs a tuple: None or a list of names for each.
    frequency_unit : str
        ``"Hz"`` or ``"bpm"``: what the axes of results are in.
    finite_differences : float, optional
        Replace the model's gradient by central differences with this step, in the unit of the signal.
    smoothing : (float, int), optional
        Replace it by the mean gradient over Gaussian noise of this standard deviation, from this many pairs of values.
    round_trip_tolerance : float, optional
        How far ``inverse(forward(x))`` may be from ``x``, relative to the largest sample.
    random_state : int
        Seed of what is random: smoothing, the search for independent components.

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> wave = np.sin(2 * np.pi * 4 * np.arange(64) / 64)
    >>> model = xcebra.models.Callables(
    ...     lambda x: (x[:, 0] @ wave) ** 2, lambda x, c: (2 * c * (x[:, 0] @ wave))[:, None, None] * wave
    ... )
    >>> ig = xcebra.CrossDomainIG(model, domain="rfft", fs=64)
    >>> a = ig.attribute(3 * wave[None, None])
    >>> a.axes["frequency"].labels[np.argmax(a.values[0, 0])]
    '4 Hz'
    >>> bool(np.isclose(a.values.sum(), a.value[0] - a.baseline_value[0]))
    True
    """

    def __init__(
        self,
        model: Any,
        domain: Any = "time",
        *,
        fs: float | tuple[float | None, ...] | None = None,
        time_axis: int | tuple[int, ...] = -1,
        rule: str = "adaptive",
        batch_size: int | None = None,
        channels: Sequence[str] | tuple[Sequence[str] | None, ...] | None = None,
        frequency_unit: str = "Hz",
        finite_differences: float | None = None,
        smoothing: tuple[float, int] | None = None,
        round_trip_tolerance: float | None = None,
        random_state: int = 0,
    ) -> None:
        rates = fs if isinstance(fs, tuple) else (fs,)
        if any(rate is not None and not (np.isfinite(rate) and rate > 0) for rate in rates):
            raise ValueError(f"fs is {fs}; pass the number of samples per second, such as 32")
        if frequency_unit not in _UNITS:
            raise ValueError(f"frequency_unit is {frequency_unit!r}; pass one of {', '.join(_UNITS)}")
        self.model = model
        self.domain = domain
        self.fs = fs
        self.time_axis = time_axis
        self.rule = rule
        self.batch_size = batch_size
        self.channels = channels
        self.frequency_unit = frequency_unit
        self.finite_differences = finite_differences
        self.smoothing = smoothing
        self.round_trip_tolerance = round_trip_tolerance
        self.random_state = random_state

    @overload
    def attribute(
        self,
        x: tuple[Any, ...],
        baselines: Any = ...,
        target: Any = ...,
        *,
        path: Any = ...,
        expected: bool = ...,
        fit_on: Any = ...,
        progress: bool | Callable[..., None] | None = ...,
        n_threads: int | None = ...,
    ) -> tuple[Attribution, ...]: ...

    @overload
    def attribute(
        self,
        x: Any,
        baselines: Any = ...,
        target: Any = ...,
        *,
        path: Any = ...,
        expected: bool = ...,
        fit_on: Any = ...,
        progress: bool | Callable[..., None] | None = ...,
        n_threads: int | None = ...,
    ) -> Attribution: ...

    def attribute(
        self,
        x: Any,
        baselines: Any = None,
        target: Any = None,
        *,
        path: Any = None,
        expected: bool = False,
        fit_on: Any = None,
        progress: bool | Callable[..., None] | None = None,
        n_threads: int | None = None,
    ) -> Attribution | tuple[Attribution, ...]:
        """Explain signals.

        Parameters
        ----------
        x : array or tensor, (n, …)
            Signals of the shape that the model takes, such as ``(n, channels, time)``. Arrays, tensors on any device,
            ``xarray.DataArray`` and ``mne.Epochs`` are taken as they are. A tuple of arrays for a model of several
            inputs: each is explained in its own domain (`domain`, `fs` and `time_axis` may be tuples too), and the
            attributions of all of them add up to the change of the output.
        baselines : None, number, ``"mean"`` or array
            What the output is compared with: silence (None or 0), a constant, the mean of each channel over time,
            one signal of the shape of a sample or ``(1, …)``, or one for each signal ``(n, …)``. With `expected`, any
            number of signals ``(m, …)`` over which the explanation is averaged. A tuple for a model of several inputs,
            with one of these for each; ``"mean"`` alone is for all of them.
        target : None, int, tuple of int, list, dict, ``"predicted"``
            The output to explain. A tuple is an index into an output of several axes. None: all outputs. A list, array or
            tensor of n: another output for each signal. ``"predicted"``: the largest output of each signal. A dict of output to weight: a weighted sum, such as
            ``{1: 1, 0: -1}`` for one class against another.
        path : array (m, …) of complex, or callable, optional
            Another path than the straight one: a polyline of coefficients, or a function of the position (0 to 1) that
            gives the coefficients there and their derivative.
        expected : bool
            Average over `baselines` (expected gradients).
        fit_on : array (m, …), optional
            Signals from which principal and independent components are fitted; by default `x`.
        progress : bool or callable, optional
            True for a bar, False for none, None for one where it can be seen, or a function of task, done, total and
            message.
        n_threads : int, optional

        Returns
        -------
        Attribution, or a tuple of them if `x` is one
            Its `values` are ``(n, …coefficients)``, with an axis of outputs behind the first if `target` is None and the
            model has several.

        Raises
        ------
        ValueError
            For shapes, settings and data that do not fit.
        Exception
            Whatever the model itself raises.
        """
        if isinstance(x, tuple):
            if path is not None or expected or fit_on is not None:
                raise ValueError("path, expected and fit_on are for models of one input; x is a tuple of several")
            from ._inputs import attribute_inputs

            return attribute_inputs(self, x, baselines, target, shown(progress, n_threads=n_threads))
        asked = self._ask(x, baselines, target, expected, fit_on)
        if path is not None and not callable(path):
            path = np.ascontiguousarray(to_numpy(path, "the path"), dtype=np.complex128)
        with shown(progress, n_threads=n_threads) as seen:
            found = _xcebra.explain(asked.model.native, [self.domain], asked.arrays, _complex(path), asked.question, seen)
        return asked.result(found[0])

    def domains(
        self,
        domains: Sequence[Any],
        x: Any,
        baselines: Any = None,
        target: Any = None,
        *,
        fit_on: Any = None,
        progress: bool | Callable[..., None] | None = None,
        n_threads: int | None = None,
    ) -> dict[str, Attribution]:
        """Explain signals in several domains. Those with an affine inverse share one set of model evaluations.

        Returns
        -------
        dict of str to Attribution
        """
        asked = self._ask(x, baselines, target, False, fit_on)
        with shown(progress, n_threads=n_threads) as seen:
            found = _xcebra.explain(asked.model.native, list(domains), asked.arrays, None, asked.question, seen)
        results = [asked.result(one) for one in found]
        return {result.domain: result for result in results}

    def _ask(self, x: Any, baselines: Any, target: Any, expected: bool, fit_on: Any) -> _Asked:
        own_fs, axis = self.fs, self.time_axis
        if isinstance(own_fs, tuple) or isinstance(axis, tuple):
            raise ValueError("fs or time_axis is a tuple, which is for models of several inputs; pass x as a tuple too")
        if self.channels and any(one is None or isinstance(one, (list, tuple)) for one in self.channels):
            raise ValueError("channels is a tuple of lists, which is for models of several inputs; pass x as a tuple too")
        known = read_signals(x)
        shape = known.values.shape
        if len(shape) < 2 or 0 in shape:
            raise ValueError(
                f"x has shape {shape}; pass signals (n, …) as the model takes them, x[None] for a single one"
            )
        signals = to_float(known.values, "x")
        if not np.isfinite(signals).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(signals))[0])
            raise ValueError(f"x holds NaN or infinity, first at index {where}; fill or cut the gaps first")
        if known.fs is not None and own_fs is not None and not np.isclose(known.fs, own_fs, rtol=1e-3):
            raise ValueError(f"fs is {self.fs}, but x says that it has {known.fs:g} samples per second; leave one out")
        model = prepare(self.model, x if tells_its_library(x) else known.values)
        targets, summed, kept = _targets(target, model, signals)
        kind, given = _baselines(baselines, signals, expected)
        time_axis = axis + (signals.ndim - 1 if axis < 0 else 0)
        if not 0 <= time_axis < signals.ndim - 1:
            raise ValueError(f"time_axis is {self.time_axis}; one signal has shape {signals.shape[1:]}")
        fs = own_fs or known.fs
        channels = self.channels or known.channels
        if fs is None:
            if self.frequency_unit != "Hz":
                raise ValueError(f"frequency_unit is {self.frequency_unit!r}, which needs a sampling rate; pass fs")
            units = [("Hz", "cycles/sample", 1.0), ("s", "samples", 1.0)]
        else:
            units = [("Hz", self.frequency_unit, _UNITS[self.frequency_unit])]
        question = {
            "time_axis": time_axis,
            "fs": 1.0 if fs is None else float(fs),
            "channels": None if channels is None else [str(name) for name in channels],
            "units": units,
            "seed": int(self.random_state),
            "rule": str(self.rule),
            **_batches(self.batch_size, signals),
            "round_trip_tolerance": self.round_trip_tolerance,
            "targets": targets,
            "summed": summed,
            "baseline": kind,
            "finite_differences": self.finite_differences,
            "smoothing": self.smoothing,
        }
        fitted = None if fit_on is None else to_float(read_signals(fit_on, "fit_on").values, "fit_on")
        arrays = {"signals": signals, "baselines": given, "fit_on": fitted}
        return _Asked(model, arrays, question, kept, signals, fs)


class _Asked:
    """A question that was checked, and how its answer is laid out."""

    def __init__(
        self,
        model: Prepared,
        arrays: dict[str, Any],
        question: dict[str, Any],
        kept: bool,
        signals: np.ndarray,
        fs: float | None,
    ) -> None:
        self.model = model
        self.arrays = arrays
        self.question = question
        self.kept = kept
        self.signals = signals
        self.fs = fs

    def result(self, found: Mapping[str, Any]) -> Attribution:
        rows = found["found"]

        def stacked(key: str, squeezed: bool = True) -> Any:
            if rows[0].get(key) is None:
                return None
            array = np.stack([row[key] for row in rows])
            return array if self.kept or not squeezed else array[:, 0]

        axes = Axes([Axis._of(told) for told in found["axes"]])
        met = [row.get("tolerance_met") for row in rows]
        real = bool(found["is_real"])
        coefficients = stacked("coefficients", False)
        baseline = stacked("baseline_coefficients", False)
        return Attribution(
            domain=found["domain"],
            values=stacked("values"),
            coefficients=coefficients.real if real else coefficients,
            baseline_coefficients=baseline.real if real else baseline,
            axes=axes,
            outputs=[list(map(int, row["outputs"])) for row in rows],
            has_output_axis=self.kept,
            value=stacked("value"),
            baseline_value=stacked("baseline_value"),
            residual=stacked("residual"),
            rounding=stacked("rounding"),
            rule=rows[0]["rule"],
            evaluations=sum(int(row["evaluations"][1]) for row in rows),
            value_evaluations=sum(int(row["evaluations"][0]) for row in rows),
            error_estimate=stacked("error_estimate"),
            jumps=stacked("jumps"),
            tolerance_met=None if met[0] is None else np.asarray(met, dtype=bool),
            standard_error=stacked("standard_error"),
            fs=self.fs,
        )


def _batches(size: int | None, signals: np.ndarray) -> dict[str, int]:
    """How many points of one signal, and of several, go through a model together."""
    if size is not None:
        return {"batch_size": int(size), "joined": int(size)}
    return {"batch_size": 64, "joined": max(64, min(256, 2**18 // max(signals[0].size, 1)))}


def _complex(path: Any) -> Any:
    """A curve gives complex arrays, whatever the user's function gives."""
    if path is None or isinstance(path, np.ndarray):
        return path

    def curve(position: float) -> tuple[np.ndarray, np.ndarray]:
        point, derivative = path(position)
        return np.asarray(point, dtype=np.complex128), np.asarray(derivative, dtype=np.complex128)

    return curve


def _targets(target: Any, model: Prepared, signals: np.ndarray) -> tuple[list[list[tuple[int, float]]], bool, bool]:
    """Outputs with weights of each signal, whether they are summed, and whether results keep an axis of outputs."""

    def index(one: Any) -> int:
        if isinstance(one, tuple) and len(one) == len(model.output_shape):
            inside = all(-size <= int(i) < size for i, size in zip(one, model.output_shape, strict=True))
            if not inside:
                raise ValueError(f"target {one} is outside of the model's outputs {model.output_shape}")
            wrapped = [int(i) % size for i, size in zip(one, model.output_shape, strict=True)]
            return int(np.ravel_multi_index(wrapped, model.output_shape))
        if isinstance(one, bool) or not isinstance(one, (int, float, np.number)) or int(one) != one:
            raise ValueError(
                f"target {one!r} is not an output; the model's outputs have shape {model.output_shape or '()'}"
            )
        if not -model.outputs <= one < model.outputs:
            raise ValueError(f"the model has no output {one}; it has {model.outputs}, counted from 0")
        return int(one) % model.outputs

    if target is None:
        return [[(k, 1.0) for k in range(model.outputs)]], False, model.outputs > 1
    if isinstance(target, str) and target == "predicted":
        if model.outputs < 2:
            raise ValueError('target="predicted": the model has one output, and there is nothing to choose; leave target out')
        with shown(False) as seen:
            return [[(k, 1.0)] for k in _xcebra.predicted(model.native, signals, seen)], False, False
    if isinstance(target, Mapping):
        if not target:
            raise ValueError("target is an empty dict; give outputs with their weights")
        return [[(index(k), float(weight)) for k, weight in target.items()]], True, False
    if isinstance(target, tuple) or np.isscalar(target) or getattr(target, "ndim", 1) == 0:
        target = target if np.isscalar(target) or isinstance(target, tuple) else int(target)
        return [[(index(target), 1.0)]], False, False
    if is_tensor(target) or hasattr(target, "__array__"):
        target = to_numpy(target, "target").tolist()
    each = [tuple(one) if isinstance(one, list) else one for one in target]
    if len(each) == 1:
        return [[(index(each[0]), 1.0)]], False, False
    n = len(signals)
    if len(each) != n:
        raise ValueError(
            f"target lists {len(each)} outputs for {n} signals; pass one output, or one for each signal"
        )
    return [[(index(one), 1.0)] for one in each], False, False


def _baselines(baselines: Any, signals: np.ndarray, expected: bool) -> tuple[str, np.ndarray | None]:
    """The kind of the baseline, and its array ``(1 or n, …)``."""
    shape = signals.shape[1:]
    if expected:
        if baselines is None or isinstance(baselines, str):
            raise ValueError("expected=True averages over signals; pass them as baselines=")
        given = to_float(read_signals(baselines, "baselines").values, "baselines")
        if given.shape[1:] != shape or len(given) == 0:
            raise ValueError(f"baselines have shape {given.shape}; pass signals (m, {', '.join(map(str, shape))})")
        return "expected", given
    if baselines is None:
        return "zero", None
    if isinstance(baselines, str):
        if baselines in ("zero", "mean"):
            return baselines, None
        raise ValueError(f"baselines is {baselines!r}; pass \"zero\", \"mean\", a number or an array")
    if isinstance(baselines, tuple) and len(baselines) == 1:
        baselines = baselines[0]
    given = to_float(read_signals(baselines, "baselines").values, "baselines")
    if given.ndim == 0:
        return "given", np.full((1, *shape), float(given))
    if given.shape == shape:
        given = given[None]
    if given.shape[1:] != shape or len(given) not in (1, len(signals)):
        raise ValueError(
            f"baselines have shape {given.shape}; pass one signal of shape {shape}, or one for each of the {len(signals)} "
            "signals. For an average over several, add expected=True"
        )
    return "given", given
