"""Models of several inputs, each explained in its own domain."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._arrays import is_jax, is_tensor, is_tensorflow, read_signals, to_float
from ._axes import Axes, Axis
from ._result import Attribution
from .models import Onnx
from .models._prepare import prepare

if TYPE_CHECKING:
    from ._explain import CrossDomainIG


class _Joined:
    """Signals of several parts, flat and one after the other, each in its own domain."""

    _kind = "joined"

    def __init__(self, parts: list[SimpleNamespace]) -> None:
        self.parts = parts


def attribute_inputs(
    ig: CrossDomainIG, x: tuple[Any, ...], baselines: Any, target: Any, showing: AbstractContextManager[dict[str, Any]]
) -> tuple[Attribution, ...]:
    """The attributions of each of several inputs."""
    from ._explain import _UNITS, _Asked, _batches, _targets

    if len(x) < 2:
        raise ValueError(f"x is a tuple of {len(x)} arrays; pass the array itself for a model of one input")
    known = [read_signals(one, f"input {i}") for i, one in enumerate(x)]
    arrays = [to_float(one.values, f"input {i}") for i, one in enumerate(known)]
    for i, array in enumerate(arrays):
        if array.ndim < 2 or 0 in array.shape:
            raise ValueError(f"input {i} has shape {array.shape}; pass (n, …) as the model takes it")
        if len(array) != len(arrays[0]):
            raise ValueError(f"input 0 has {len(arrays[0])} signals and input {i} has {len(array)}; pass as many of each")
        if not np.isfinite(array).all():
            raise ValueError(f"input {i} holds NaN or infinity; fill or cut the gaps first")
    shapes = [array.shape[1:] for array in arrays]
    flat = np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)
    model = prepare(ig.model, _flat_as_given(x, flat), shapes)
    own = ig.model if isinstance(ig.model, Onnx) else None
    names = own.settings["inputs"] if own else [f"input {i}" for i in range(len(x))]
    targets, summed, kept = _targets(target, model, flat)
    rates = [_rate(_each(ig.fs, i, len(x), "fs"), one.fs, i) for i, one in enumerate(known)]
    if ig.frequency_unit != "Hz" and not any(rates):
        raise ValueError(f"frequency_unit is {ig.frequency_unit!r}, which needs a sampling rate; pass fs")
    parts: list[SimpleNamespace] = []
    for i, (shape, fs) in enumerate(zip(shapes, rates, strict=True)):
        axis = int(_each(ig.time_axis, i, len(x), "time_axis"))
        axis += len(shape) if axis < 0 else 0
        if not 0 <= axis < len(shape):
            raise ValueError(f"time_axis of input {i} is outside of its shape {shape}")
        units = [("Hz", "cycles/sample", 1.0), ("s", "samples", 1.0)]
        if fs is not None:
            units = [("Hz", ig.frequency_unit, _UNITS[ig.frequency_unit])]
        domain = _each(ig.domain, i, len(x), "domain")
        channels = _channels(ig.channels, i, len(x)) or known[i].channels
        part = {"name": names[i], "domain": domain, "shape": list(shape), "time_axis": axis, "units": units}
        part["channels"] = None if channels is None else [str(name) for name in channels]
        parts.append(SimpleNamespace(**part, fs=1.0 if fs is None else float(fs)))
    given = _baselines(baselines, arrays, [part.time_axis for part in parts])
    question = {
        "time_axis": 0,
        "fs": 1.0,
        "channels": None,
        "units": [],
        "seed": int(ig.random_state),
        "rule": str(ig.rule),
        **_batches(ig.batch_size, flat),
        "round_trip_tolerance": ig.round_trip_tolerance,
        "targets": targets,
        "summed": summed,
        "baseline": "zero" if given is None else "given",
        "finite_differences": ig.finite_differences,
        "smoothing": ig.smoothing,
    }
    signals = {"signals": flat, "baselines": given, "fit_on": None}
    with showing as seen:
        (found,) = _xcebra.explain(model.native, [_Joined(parts)], signals, None, question, seen)
    whole = _Asked(model, signals, question, kept, flat, None).result(found)
    return _parted(whole, found["parts"], rates)


def _flat_as_given(x: tuple[Any, ...], flat: np.ndarray) -> Any:
    """The flat signals with the type and the device of the first input."""
    first = x[0]
    if is_tensor(first):
        import torch

        return torch.from_numpy(flat).to(device=first.device, dtype=first.dtype if first.is_floating_point() else None)
    if is_jax(first):
        import jax

        return jax.numpy.asarray(flat, dtype=first.dtype)
    if is_tensorflow(first):
        import tensorflow as tf

        return tf.convert_to_tensor(flat, dtype=first.dtype if first.dtype.is_floating else tf.float64)
    kind = getattr(first, "dtype", None)
    return flat.astype(np.float32) if kind == np.float32 else flat


def _each(setting: Any, i: int, n: int, name: str) -> Any:
    """The setting of input `i`: its own of a tuple, or the one that is for all."""
    if not isinstance(setting, tuple):
        return setting
    if len(setting) != n:
        raise ValueError(f"{name} is a tuple of {len(setting)}; x has {n} inputs")
    return setting[i]


def _rate(given: Any, told: float | None, i: int) -> float | None:
    """Samples per second of input `i`: as they were given, or as its container tells them."""
    if given is not None and told is not None and not np.isclose(told, given, rtol=1e-3):
        raise ValueError(f"fs of input {i} is {given}, but it says that it has {told:g} samples per second; leave one out")
    return given or told


def _channels(channels: Any, i: int, n: int) -> Any:
    """Names of the channels of input `i`: its own of a tuple of lists, or those that are for all."""
    own = isinstance(channels, tuple) and not any(isinstance(one, str) for one in channels)
    return _each(channels, i, n, "channels") if own else channels


def _baselines(baselines: Any, arrays: Sequence[np.ndarray], time_axes: Sequence[int]) -> np.ndarray | None:
    """A flat baseline for each signal; None if all are zero."""
    if baselines is None or isinstance(baselines, str):
        baselines = (baselines,) * len(arrays)
    if not isinstance(baselines, tuple) or len(baselines) != len(arrays):
        raise ValueError(
            f"baselines must be a tuple of {len(arrays)}, one for each input; None, a number and \"mean\" mean themselves"
        )
    n = len(arrays[0])
    parts = [
        _baseline(one, array, axis, i) for i, (one, array, axis) in enumerate(zip(baselines, arrays, time_axes, strict=True))
    ]
    if all(part is None for part in parts):
        return None
    full = [np.zeros(array.shape) if part is None else part for part, array in zip(parts, arrays, strict=True)]
    return np.concatenate([part.reshape(n, -1) for part in full], axis=1)


def _baseline(one: Any, array: np.ndarray, time_axis: int, i: int) -> np.ndarray | None:
    """The baselines of input `i` in the shape of its signals; None for zero."""
    if one is None or (isinstance(one, str) and one == "zero"):
        return None
    if isinstance(one, str):
        if one != "mean":
            raise ValueError(f"baseline {i} is {one!r}; pass \"zero\", \"mean\", a number or an array")
        return np.broadcast_to(array.mean(axis=1 + time_axis, keepdims=True), array.shape)
    part = to_float(read_signals(one, f"baseline {i}").values, f"baseline {i}")
    n, shape = len(array), array.shape[1:]
    if part.ndim == 0:
        part = np.full(shape, float(part))
    if part.shape == shape:
        part = part[None]
    if part.shape[1:] != shape or len(part) not in (1, n):
        raise ValueError(f"baseline {i} has shape {part.shape}; pass one of shape {shape}, or one for each signal")
    return np.broadcast_to(part, array.shape)


def _parted(whole: Attribution, parts: Sequence[Any], rates: Sequence[float | None]) -> tuple[Attribution, ...]:
    """The part of each input, in its shape."""
    first, found = 0, []
    for part, fs in zip(parts, rates, strict=True):
        shape = tuple(part["shape"])
        end = first + int(np.prod(shape, dtype=int))

        def own(array: Any, first: int = first, end: int = end, shape: tuple[int, ...] = shape) -> Any:
            return None if array is None else array[..., first:end].reshape(*array.shape[:-1], *shape)

        real = bool(part["is_real"])
        coefficients, baseline = own(whole.coefficients), own(whole.baseline_coefficients)
        found.append(
            replace(
                whole,
                domain=part["domain"],
                values=own(whole.values),
                coefficients=coefficients.real if real else coefficients,
                baseline_coefficients=baseline.real if real else baseline,
                axes=Axes([Axis._of(told) for told in part["axes"]]),
                standard_error=None,
                fs=fs,
            )
        )
        first = end
    return tuple(found)
