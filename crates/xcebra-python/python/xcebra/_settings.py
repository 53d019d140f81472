"""From the arguments of an estimator to the settings of a training, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._estimator import XCEBRA


def settings_of(estimator: XCEBRA, labels: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Settings as the program reads them."""
    steps = whole("max_iterations", estimator.max_iterations)
    if estimator.batch_size is None:
        raise ValueError("batch_size is None; pass a number, such as 512")
    quarter = min(2500, steps // 4)
    start = quarter if estimator.regularizer_start is None else estimator.regularizer_start
    ramp = quarter if estimator.regularizer_ramp is None else estimator.regularizer_ramp
    encoder = _encoder(estimator.model_architecture) | {
        "outputs": whole("output_dimension", estimator.output_dimension),
        "hidden": whole("num_hidden_units", estimator.num_hidden_units),
    }
    found: dict[str, Any] = {
        "data": {"standardize": bool(estimator.standardize)},
        "encoder": encoder,
        "objective": estimator._objectives(labels, encoder["name"]),
        "regularizer": {"weight": float(estimator.regularizer_weight), "start": int(start), "ramp": int(ramp)},
        "train": {
            "steps": steps,
            "batch": whole("batch_size", estimator.batch_size),
            "learning_rate": float(estimator.learning_rate),
            "weight_decay": float(estimator.weight_decay),
            "seed": _seed(estimator.random_state),
        },
        "validation": {"held_out": float(estimator.held_out)},
    }
    for section, values in (estimator.settings or {}).items():
        if section == "objective":
            found["objective"] = list(values)
        elif isinstance(values, Mapping):
            found.setdefault(section, {}).update(values)
        else:
            raise ValueError(f"settings[{section!r}] is {values!r}; pass a dict of the section's settings")
    return found


def objectives_of(estimator: XCEBRA, labels: Mapping[str, list[Any]], encoder: str) -> list[dict[str, Any]]:
    normalised = not ("-mse" in encoder or encoder == "custom")
    kinds = (None, "time", "time_delta", "delta")
    if estimator.conditional not in kinds:
        raise ValueError(f"conditional is {estimator.conditional!r}; pass one of {', '.join(map(repr, kinds))}")
    if estimator.temperature_mode not in ("constant", "auto"):
        raise ValueError(f'temperature_mode is {estimator.temperature_mode!r}; pass "constant" or "auto"')
    if estimator.distance not in (None, "cosine", "euclidean", "dot"):
        raise ValueError(f'distance is {estimator.distance!r}; pass "cosine", "euclidean" or "dot"')
    similarity = {
        "kind": estimator.distance or ("cosine" if normalised else "euclidean"),
        "temperature": float(estimator.temperature),
        "learn": estimator.temperature_mode == "auto",
        "minimum": min(float(estimator.min_temperature), float(estimator.temperature)),
    }
    offset = estimator.time_offsets
    if isinstance(offset, (list, tuple)):
        if len(offset) != 1:
            raise ValueError("time_offsets lists several offsets; pass one, and further objectives by settings=")
        offset = offset[0]
    offset = whole("time_offsets", offset)
    by_time = {"positives": {"kind": "time", "offset": offset}, "similarity": similarity}
    if not labels or estimator.conditional == "time":
        if estimator.conditional in ("time_delta", "delta"):
            raise ValueError(f"conditional is {estimator.conditional!r}, which needs labels; pass y")
        return [by_time]
    continuous = [name for name, parts in labels.items() if not is_discrete(parts)]
    discrete = [name for name, parts in labels.items() if is_discrete(parts)]
    positives: list[dict[str, Any]] = []
    for name in continuous:
        if estimator.conditional == "delta":
            if estimator.delta is None:
                raise ValueError('conditional="delta" needs delta, the standard deviation of the noise on the label')
            positives.append({"kind": "delta-normal", "label": name, "sigma": float(estimator.delta)})
        elif len(continuous) == len(discrete) == 1:
            positives.append({"kind": "mixed", "continuous": name, "discrete": discrete[0], "delta": offset})
        else:
            positives.append({"kind": "time-delta", "label": name, "delta": offset})
    if not (len(continuous) == len(discrete) == 1 and estimator.conditional != "delta"):
        positives.extend({"kind": "discrete", "label": name} for name in discrete)
    found = [{"positives": one, "similarity": similarity} for one in positives]
    if not estimator.hybrid:
        return found
    outputs = int(estimator.output_dimension)
    if outputs < 2:
        raise ValueError("hybrid=True needs output_dimension of at least 2: the second half of the latents follows the labels")
    half = [math.ceil(outputs / 2), outputs]
    return [by_time, *({**one, "dims": half} for one in found)]


#: Settings that arguments say, by sections, and those of how files are read.
_SAID = {
    "data": ("standardize", "x", "labels", "transpose", "clock"),
    "encoder": ("outputs", "hidden"),
    "regularizer": ("weight", "start", "ramp"),
    "train": ("steps", "batch", "learning_rate", "weight_decay", "seed"),
    "validation": ("held_out",),
}


def further(told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a trained encoder that no argument says."""
    found: dict[str, Any] = {"objective": told["objective"]}
    for section, said in _SAID.items():
        found[section] = {name: value for name, value in told[section].items() if name not in said}
    if isinstance(told["encoder"]["name"], str):
        del found["encoder"]["name"]
    return found


def whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or int(value) != value or value < 0:
        raise ValueError(f"{name} is {value!r}; pass a whole number")
    return int(value)


def _seed(random_state: Any) -> int:
    if random_state is None:
        return 0
    if isinstance(random_state, (int, np.integer)):
        return whole("random_state", random_state)
    if hasattr(random_state, "randint"):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if hasattr(random_state, "integers"):
        return int(random_state.integers(np.iinfo(np.int32).max))
    raise ValueError(f"random_state is {random_state!r}; pass None, a whole number or a RandomState")


def _encoder(name: str) -> dict[str, Any]:
    """The encoder's settings of a name, as CEBRA or as this package has it."""
    if not isinstance(name, str):
        raise ValueError(f"model_architecture is {name!r}; pass a name, such as \"offset10-model\"")
    plain = name.replace("-model", "")
    found: dict[str, Any] = {}
    parts = plain.split("-clip-")
    if len(parts) == 2:
        low, _, high = parts[1].partition("-")
        if low != high:
            raise ValueError(f"model_architecture is {name!r}; outputs are limited to the same size on both sides")
        plain, found["clip"] = f"{parts[0]}-clip", float(low)
    return {"name": plain, **found}


def is_discrete(parts: Sequence[Any]) -> bool:
    return isinstance(parts[0], list) or parts[0].dtype == np.int64
