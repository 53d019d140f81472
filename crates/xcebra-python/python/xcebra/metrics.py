"""Scores of attribution maps against the true map."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _xcebra
from ._arrays import to_float, to_numpy

__all__ = ["auroc", "average_precision"]


def _both(map: Any, truth: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: A002
    scores = np.abs(to_float(getattr(map, "values", map), "the map"))
    real = np.ascontiguousarray(to_numpy(truth, "the truth"), dtype=bool)
    if scores.ndim == 1:
        scores, real = scores[:, None], real.reshape(-1, 1)
    return real, scores


def auroc(map: Any, truth: Any) -> float:  # noqa: A002
    """Area under the ROC curve: the chance that a real entry is larger than one that is not.

    Parameters
    ----------
    map : array (channels, latents) or AttributionMap
        Absolute values are compared.
    truth : array of bool, (channels, latents)

    Examples
    --------
    >>> import xcebra
    >>> xcebra.metrics.auroc([[3.0, 0.1], [-2.0, 0.5]], [[True, False], [True, False]])
    1.0
    """
    return float(_xcebra.auroc(*_both(map, truth)))


def average_precision(map: Any, truth: Any) -> float:  # noqa: A002
    """Area under the precision-recall curve, by its steps.

    Parameters
    ----------
    map : array (channels, latents) or AttributionMap
    truth : array of bool, (channels, latents)
    """
    return float(_xcebra.average_precision(*_both(map, truth)))
