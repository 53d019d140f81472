"""What the estimator needs of scikit-learn, where scikit-learn is not installed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ._arrays import read_signals, to_float


class BaseEstimator:
    """Parameters are the arguments of ``__init__``, kept under their names."""

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._get_param_names()}

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name."""
        names = self._get_param_names()
        for name, value in params.items():
            if name not in names:
                raise ValueError(f"there is no parameter {name!r}; there are {', '.join(names)}")
            setattr(self, name, value)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {n: v for n, v in self.get_params().items() if v is not defaults[n].default and v != defaults[n].default}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __sklearn_tags__(self) -> Any:
        raise AttributeError("scikit-learn is not installed")


class TransformerMixin:
    """``fit_transform``."""

    def fit_transform(self, X: Any, y: Any = None, **arguments: Any) -> np.ndarray:  # noqa: N803
        """Fit, then transform."""
        return self.fit(X, y, **arguments).transform(X)  # type: ignore[attr-defined, no-any-return]


class ClassNamePrefixFeaturesOutMixin:
    """``get_feature_names_out``."""

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the latents: ``xcebra0``, ``xcebra1``, …"""
        count = self._n_features_out  # type: ignore[attr-defined]
        return np.asarray([f"{type(self).__name__.lower()}{k}" for k in range(count)], dtype=object)


def clone(estimator: Any) -> Any:
    """Another estimator with the same parameters."""
    return type(estimator)(**estimator.get_params())


def check_is_fitted(estimator: Any) -> None:
    """Refuse an estimator that was not fitted."""
    if not estimator.__sklearn_is_fitted__():
        raise ValueError(f"This {type(estimator).__name__} instance is not fitted yet; call fit first")


def validate_data(estimator: Any, value: Any, *, reset: bool, **_: Any) -> np.ndarray:
    """One recording (time, channels) as an array of floats."""
    known = read_signals(value, "X")
    single = known.values.dtype == np.float32
    found = to_float(known.values, "X", np.float32 if single else np.float64)
    if found.ndim != 2:
        raise ValueError(f"X has shape {found.shape}; pass (time, channels)")
    if reset:
        estimator.n_features_in_ = found.shape[1]
        if known.channels is not None:
            estimator.feature_names_in_ = np.asarray(known.channels, dtype=object)
    elif found.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {found.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    return found
