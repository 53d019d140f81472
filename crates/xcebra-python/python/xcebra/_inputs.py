"""Models of several inputs, each explained in its own domain."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._arrays import is_jax, is_tensor, read_signals, to_float
from ._axes import Axes, Axis
from ._result import Attribution
from .models import Onnx, prepare

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
    targets, summed, kept = _targets(target, model, len(flat))
    parts, rates = [], []
    for i, shape in enumerate(shapes):
        fs = _each(ig.fs, i, len(x), "fs") or known[i].fs
        axis = int(_each(ig.time_axis, i, len(x), "time_axis"))
        axis += len(shape) if axis < 0 else 0
        if not 0 <= axis < len(shape):
            raise ValueError(f"time_axis of input {i} is outside of its shape {shape}")
        units = [("Hz", "cycles/sample", 1.0), ("s", "samples", 1.0)]
        if fs is not None:
            units = [("Hz", ig.frequency_unit, _UNITS[ig.frequency_unit])]
        domain = _each(ig.domain, i, len(x), "domain")
        part = {"name": names[i], "domain": domain, "shape": list(shape), "time_axis": axis, "units": units}
        parts.append(SimpleNamespace(**part, fs=1.0 if fs is None else float(fs)))
        rates.append(fs)
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
        "baseline": "zero" if baselines is None else "given",
        "finite_differences": ig.finite_differences,
        "smoothing": ig.smoothing,
    }
    given = None if baselines is None else _baselines(baselines, arrays)
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
    kind = getattr(first, "dtype", None)
    return flat.astype(np.float32) if kind == np.float32 else flat


def _each(setting: Any, i: int, n: int, name: str) -> Any:
    """The setting of input `i`: its own of a tuple, or the one that is for all."""
    if not isinstance(setting, tuple):
        return setting
    if len(setting) != n:
        raise ValueError(f"{name} is a tuple of {len(setting)}; x has {n} inputs")
    return setting[i]


def _baselines(baselines: Any, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """One flat baseline for all signals, or one for each."""
    if not isinstance(baselines, tuple) or len(baselines) != len(arrays):
        raise ValueError(f"baselines must be a tuple of {len(arrays)}, one for each input; None or a number means itself")
    n, parts = len(arrays[0]), []
    for i, (one, array) in enumerate(zip(baselines, arrays, strict=True)):
        shape = array.shape[1:]
        part = np.zeros(shape) if one is None else to_float(read_signals(one, f"baseline {i}").values, f"baseline {i}")
        if part.ndim == 0:
            part = np.full(shape, float(part))
        if part.shape == shape:
            part = part[None]
        if part.shape[1:] != shape or len(part) not in (1, n):
            raise ValueError(f"baseline {i} has shape {part.shape}; pass one of shape {shape}, or one for each signal")
        parts.append(np.broadcast_to(part, (n, *shape)).reshape(n, -1))
    return np.concatenate(parts, axis=1)


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
