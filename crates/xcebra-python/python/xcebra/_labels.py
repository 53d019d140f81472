"""Labels as a training takes them: real numbers, whole numbers or text, an array for each session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._arrays import to_float, to_numpy
from ._files import Recording
from ._sessions import is_sessions


def labels_of(X: Any, given: Sequence[Any]) -> Sequence[Any]:  # noqa: N803
    """The labels that were given, or those of the recordings if there are none."""
    each = list(X) if is_sessions(X) else [X]
    if any(one is not None for one in given) or not all(isinstance(one, Recording) for one in each):
        return given
    first = each[0].labels
    for one in each[1:]:
        if set(one.labels) != set(first):
            raise ValueError(f"the recordings have the labels {sorted(first)} and {sorted(one.labels)}; read the same from each")
    several = {name: [one.labels[name] for one in each] for name in first}
    return [several if len(each) > 1 else first] if first else given


def labels_by_name(given: Sequence[Any], samples: Sequence[int]) -> dict[str, list[Any]]:
    """Labels by name, each an array for each session."""
    given = [one for one in given if one is not None]
    named: dict[str, Any] = {}
    for number, one in enumerate(given):
        if isinstance(one, Mapping):
            named.update({str(name): value for name, value in one.items()})
        elif hasattr(one, "columns") and hasattr(one, "iloc"):
            named.update({str(name): one[name] for name in one.columns})
        else:
            named["y" if len(given) == 1 else f"y{number + 1}"] = one
    found: dict[str, list[Any]] = {}
    for name, value in named.items():
        parts = list(value) if len(samples) > 1 and isinstance(value, (list, tuple)) and len(value) == len(samples) else [value]
        if len(parts) != len(samples):
            whole = to_numpy(value, f"the label {name}")
            if len(whole) != sum(samples):
                raise ValueError(
                    f"the label {name} has {len(whole)} values for {len(samples)} sessions; pass a list with an array for each"
                )
            parts = np.split(whole, np.cumsum(samples)[:-1])
        converted = [label_of(part, name) for part in parts]
        for part, count in zip(converted, samples, strict=True):
            if len(part) != count:
                raise ValueError(
                    f"Found input variables with inconsistent numbers of samples: X has {count}, the label {name} has {len(part)}"
                )
        found[name] = converted
    return found


def label_of(value: Any, name: str) -> Any:
    array = to_numpy(value, f"the label {name}") if not _is_text(value) else np.asarray(value)
    if array.dtype.kind in "US" or _is_text(value):
        return [str(text) for text in array.tolist()]
    if array.dtype.kind in "iub":
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: the label {name}")
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)


def _is_text(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "US" or (array.dtype == object and array.size > 0 and isinstance(array.flat[0], str))
