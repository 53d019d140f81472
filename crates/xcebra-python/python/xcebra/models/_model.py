"""What a model is here: a batched function of arrays with its gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._arrays import to_float


class Model:
    """A batched function of arrays with its gradient.

    Inherit from it to explain a model of a library that has no class here: set `input_shape`, `output_shape`, and
    write `forward` and `value_and_vjp`.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one sample.
    output_shape : tuple of int
        Shape of the output for one sample; () if it is one number.
    difference_step : float or None
        Relative step of central differences if the model has no gradient of its own.
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    difference_step: float | None = None
    parts: list[tuple[int, ...]] | None = None
    """Shapes of a sample of each of several inputs, which come flat and one after the other; None for one input."""

    @property
    def outputs(self) -> int:
        """Number of outputs, all axes of them together."""
        return int(np.prod(self.output_shape, dtype=int))

    def prepare(self, x: Any) -> None:
        """Look at the samples, arrays or tensors ``(n, …)``, before the first call."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Values.

        Parameters
        ----------
        x : ndarray of float64, (n, …input_shape)

        Returns
        -------
        ndarray of float64, (n, outputs)
        """
        raise NotImplementedError

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values ``(n, outputs)``, and for each sample the sum of the gradients of its outputs weighted by `cotangent`.

        Parameters
        ----------
        x : ndarray of float64, (n, …input_shape)
        cotangent : ndarray of float64, (n, outputs)

        Returns
        -------
        value : ndarray of float64, (n, outputs)
        gradient : ndarray of float64, (n, …input_shape)
        """
        raise NotImplementedError

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """The gradient of `value_and_vjp` alone, for models that find it without the values."""
        return self.value_and_vjp(x, cotangent)[1]


def split(x: Any, parts: Sequence[Sequence[int]] | None, reshape: Any = None) -> list[Any]:
    """The inputs in a flat array or tensor ``(n, total)``; the array itself for one input."""
    if parts is None:
        return [x]
    inputs, first = [], 0
    for shape in parts:
        end = first + int(np.prod(shape, dtype=int))
        part = x[:, first:end]
        inputs.append(part.reshape((-1, *shape)) if reshape is None else reshape(part, (-1, *shape)))
        first = end
    return inputs


def flat(value: Any, n: int, what: str = "the model's output") -> np.ndarray:
    """Values (n, outputs) of an output (n, …)."""
    found = to_float(value, what)
    if found.ndim == 0 and n == 1:
        found = found.reshape(1)
    if found.ndim == 0 or found.shape[0] != n:
        raise ValueError(
            f"{what} for a batch of {n} has shape {found.shape}; its first axis must count the samples of the batch"
        )
    return found.reshape(n, -1)


def selected(value: Any, output: Any) -> Any:
    """One array of what a model returns."""
    if callable(output):
        return output(value)
    if output is not None:
        if isinstance(output, str) and not isinstance(value, Mapping):
            return getattr(value, output)
        return value[output]
    if isinstance(value, Mapping):
        if "logits" in value:
            return value["logits"]
        if len(value) != 1:
            raise ValueError(f"the model returns {sorted(map(str, value))}; say which is explained with output=")
        return next(iter(value.values()))
    if hasattr(value, "logits"):
        return value.logits
    if isinstance(value, (tuple, list)):
        return value[0]
    return value
