"""The sessions of a recording: from what people have to arrays (time, channels), and whose encoder each is given to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._arrays import Signals, read_signals, to_float, to_numpy
from ._files import Recording
from ._learn import Part, clone, validate_data
from ._settings import whole


class OfSessions(Part):
    """What an estimator knows of the sessions of its training."""

    state_dict_: Any
    n_features_in_: Any

    def _sessions(self, X: Any, reset: bool) -> list[Signals]:  # noqa: N803
        each = list(X) if is_sessions(X) else [X]
        found: list[Signals] = []
        for one in each:
            if len(each) == 1 and not _has_container(one) and (reset or not self._has_several()):
                values = validate_data(
                    self,
                    one,
                    reset=reset,
                    dtype=[np.float32, np.float64],
                    ensure_all_finite=False,
                    ensure_min_samples=2 if reset else 1,
                )
                found.append(Signals(values, channels=_names(self, one)))
                continue
            if isinstance(one, Recording):
                x = one.x[:, None] if one.x.ndim == 1 else one.x
                found.append(Signals(_dense(x), one.fs, one.channels, one.breaks))
                continue
            known = read_signals(one, "X")
            values = known.values
            if hasattr(one, "get_data"):  # MNE: (channels, time) or (epochs, channels, time)
                values = np.moveaxis(values, -2, -1)
            parts = list(values) if values.ndim == 3 else [values]
            for part in parts:
                breaks = known.breaks if len(parts) == 1 else []
                found.append(Signals(_dense(part), known.fs, known.channels, breaks))
        if not found:
            raise ValueError("X is an empty list; pass at least one session (time, channels)")
        if reset:
            self._note_features(found)
        elif not self._has_several():
            for part in found:
                if part.values.shape[1] != self.n_features_in_:
                    raise ValueError(
                        f"X has {part.values.shape[1]} features, but XCEBRA is expecting {self.n_features_in_} features as input"
                    )
        return found

    def _sessions_of(self, X: Any) -> list[Signals]:  # noqa: N803
        """The sessions of a training, which this estimator does not make."""
        return clone(self)._sessions(X, reset=True)

    def _note_features(self, sessions: Sequence[Signals]) -> None:
        widths = [part.values.shape[1] for part in sessions]
        self.n_features_in_ = widths[0] if len(set(widths)) == 1 else widths
        if len(set(widths)) == 1 and sessions[0].channels is not None:
            self.feature_names_in_ = np.asarray(sessions[0].channels, dtype=object)
        elif hasattr(self, "feature_names_in_") and len(set(widths)) > 1:
            del self.feature_names_in_

    def _has_several(self) -> bool:
        """Whether there are the encoders of several subjects."""
        return self.__sklearn_is_fitted__() and len(self.state_dict_.all_channels) > 1

    def _ids(self, sessions: Sequence[Signals], session_id: int | None) -> list[int | None]:
        """Whose encoder each session is given to."""
        if session_id is not None:
            return [whole("session_id", session_id)] * len(sessions)
        if not self._has_several():
            return [None] * len(sessions)
        if len(sessions) == len(self.state_dict_.subjects):
            return list(range(len(sessions)))
        raise ValueError(
            f"there are the encoders of {len(self.state_dict_.all_channels)} subjects; pass session_id, from 0 to "
            f"{len(self.state_dict_.subjects) - 1}, or a list of all sessions"
        )


def recording_of(sessions: Sequence[Signals], labels: Mapping[str, list[Any]], session: int | None = None) -> dict[str, Any]:
    """A recording as the compiled half takes it; `session` is the one whose encoder it is given to."""
    return {
        "sessions": [one.values for one in sessions],
        "labels": dict(labels),
        "channels": [one.channels for one in sessions],
        "session": session,
        "fs": sessions[0].fs,
        "breaks": [session.breaks for session in sessions],
    }


def is_sessions(value: Any) -> bool:
    """Whether it is a list of recordings, and not one recording as nested lists of numbers."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]
    return isinstance(first, Recording) or getattr(first, "ndim", 0) >= 2 or hasattr(first, "get_data") or (
        isinstance(first, (list, tuple)) and bool(first) and isinstance(first[0], (list, tuple))
    )


def _has_container(value: Any) -> bool:
    """Whether it is a container that scikit-learn does not read."""
    is_frame = hasattr(value, "columns") and hasattr(value, "iloc")
    of_pynapple = hasattr(value, "time_support") and hasattr(value, "rates")
    is_known = isinstance(value, Recording) or hasattr(value, "get_data") or hasattr(value, "dims") or of_pynapple
    labelled = is_known or (hasattr(value, "columns") and not is_frame)
    return labelled or getattr(value, "ndim", 2) == 3


def _names(estimator: Any, value: Any) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None) if hasattr(value, "columns") else None
    return None if names is None else [str(name) for name in names]


def _dense(values: Any) -> np.ndarray:
    found = to_numpy(values, "X")
    if found.ndim != 2:
        raise ValueError(f"a session has shape {found.shape}; pass (time, channels)")
    return to_float(found, "X", np.float32 if found.dtype == np.float32 else np.float64)
