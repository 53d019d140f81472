"""What an estimator takes from scikit-learn, or from here where that is not installed."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    from ._sklearn import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        TransformerMixin,
        check_is_fitted,
        clone,
        validate_data,
    )

#: The base of what is a part of an estimator: a checker of types cannot know the rest of it.
Part: Any = object

__all__ = [
    "BaseEstimator",
    "ClassNamePrefixFeaturesOutMixin",
    "Part",
    "TransformerMixin",
    "check_is_fitted",
    "clone",
    "validate_data",
]
