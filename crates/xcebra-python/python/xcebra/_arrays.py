"""What people have (tensors, frames, labelled arrays) as NumPy arrays, with what it says about itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Signals:
    """Signals with what their container knows."""

    values: np.ndarray
    #: Samples per second, if the container says so.
    fs: float | None = None
    #: Names of the channels, if the container has them.
    channels: list[str] | None = None
    #: Rows before which the recording was interrupted.
    breaks: list[int] = field(default_factory=list)


def is_instance_of(value: Any, module: str, name: str) -> bool:
    """Whether `value` is an instance of a class of a module that is not imported for that."""
    found = sys.modules.get(module)
    kind = getattr(found, name, None) if found is not None else None
    return isinstance(kind, type) and isinstance(value, kind)


def is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor of torch."""
    return is_instance_of(value, "torch", "Tensor")


def is_jax(value: Any) -> bool:
    """Whether `value` is an array of JAX."""
    return is_instance_of(value, "jax", "Array")


def is_tensorflow(value: Any) -> bool:
    """Whether `value` is a tensor of TensorFlow."""
    return is_instance_of(value, "tensorflow", "Tensor")


def tells_its_library(value: Any) -> bool:
    """Whether the type of `value` says which library a function of it belongs to."""
    return is_tensor(value) or is_jax(value) or is_tensorflow(value)


def to_numpy(value: Any, what: str) -> np.ndarray:
    """Any array as a NumPy array.

    Parameters
    ----------
    value
        An array, tensor (on any device), nested list, frame, or anything with ``__array__``.
    what
        What it is, for error messages.
    """
    if is_tensor(value):
        value = value.detach()
        if value.dtype.is_floating_point and value.element_size() < 4:
            value = value.float()  # NumPy has no bfloat16
        return value.cpu().numpy()
    try:
        found = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} is not an array of numbers: {error}") from error
    if found.dtype == object:
        try:
            found = found.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"{what} holds objects that are not numbers; rows of different lengths also look like this"
            ) from None
    return found


def to_float(value: Any, what: str, dtype: type = np.float64) -> np.ndarray:
    """As `to_numpy`, of real numbers in native byte order, C-contiguous.

    Raises
    ------
    TypeError
        If the numbers are complex or no numbers.
    """
    found = to_numpy(value, what)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"{what} has dtype {found.dtype}; pass real numbers")
    # unlike ascontiguousarray, this leaves a single number without axes
    return np.asarray(found, dtype=dtype, order="C")


def read_signals(value: Any, what: str = "x") -> Signals:
    """Signals with what their container says: sampling rate, channel names and interruptions.

    Understands arrays, tensors, ``pandas.DataFrame``, ``xarray.DataArray``, ``mne.io.Raw``, ``mne.Epochs`` and
    ``pynapple`` frames, none of which is imported. Data of MNE come as ``(channels, time)`` or
    ``(epochs, channels, time)``, those of frames as ``(time, channels)``.
    """
    if hasattr(value, "get_data") and hasattr(value, "info"):  # MNE
        info = value.info
        sensors = [str(name) for name in value.ch_names]
        data = np.asarray(value.get_data())
        return Signals(data, float(info["sfreq"]), sensors, _boundaries(value, data.shape[-1]))
    if hasattr(value, "rates") and hasattr(value, "time_support"):  # pynapple.TsGroup
        raise TypeError(f"{what} holds times of spikes; count them in bins first, such as {what}.count(0.025)")
    fs = None
    names = None
    if hasattr(value, "dims") and hasattr(value, "coords"):  # xarray
        fs = _rate_of_times(value)
        for name in ("channel", "channels", "unit", "neuron", "electrode"):
            if name in value.dims and name in value.coords:
                names = [str(v) for v in np.asarray(value.coords[name].values)]
        return Signals(np.asarray(value.values), fs, names)
    if hasattr(value, "columns") and hasattr(value, "values"):  # pandas, pynapple
        names = [str(name) for name in value.columns]
        if hasattr(value, "rate"):
            fs = float(value.rate)
        return Signals(to_numpy(value.values, what), fs, names, _interval_starts(value))
    return Signals(to_numpy(value, what))


def _interval_starts(value: Any) -> list[int]:
    """Rows of a pynapple frame with which another interval of its time support begins."""
    support, times = getattr(value, "time_support", None), getattr(value, "t", None)
    if support is None or times is None or not hasattr(support, "start"):
        return []
    rows = np.searchsorted(np.asarray(times), np.asarray(support.start)[1:], side="left")
    return sorted({int(row) for row in rows if 0 < row < len(times)})


def _boundaries(value: Any, samples: int) -> list[int]:
    """Samples of an ``mne.io.Raw`` at which a recording was joined to another or interrupted."""
    annotations = getattr(value, "annotations", None)
    if annotations is None or not hasattr(value, "first_time"):
        return []
    found: set[int] = set()
    for onset, duration, text in zip(annotations.onset, annotations.duration, annotations.description, strict=True):
        name = str(text).lower()
        ends = [onset, onset + duration] if name == "bad_acq_skip" else [onset]
        if "boundary" in name or name == "bad_acq_skip":
            found.update(int(round((end - value.first_time) * value.info["sfreq"])) for end in ends)
    return sorted(row for row in found if 0 < row < samples)


def _rate_of_times(value: Any) -> float | None:
    """Samples per second of a labelled array with a coordinate `time` at even steps in seconds."""
    if "time" not in value.coords:
        return None
    times = np.asarray(value.coords["time"].values)
    if times.ndim != 1 or times.size < 3:
        return None
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ns]").astype(np.int64) / 1e9
    elif times.dtype.kind == "m":
        times = times.astype("timedelta64[ns]").astype(np.int64) / 1e9
    if times.dtype.kind not in "fiu":
        return None
    steps = np.diff(times.astype(np.float64))
    step = float(np.median(steps))
    even = step > 0 and np.allclose(steps, step, rtol=1e-3, atol=0)
    # from both ends, because steps of decimal numbers are rounded
    return float((times.size - 1) / (times[-1] - times[0])) if even else None
