"""Functions of NumPy arrays, with a gradient or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import to_float, to_numpy
from ._model import Model, flat, split


class Callables(Model):
    """Two functions of NumPy arrays: values, and gradients weighted by a cotangent.

    Parameters
    ----------
    forward : callable
        Takes ``(n, …)``, gives ``(n, …)``.
    vjp : callable
        Takes the same batch and a cotangent of the shape of the output, and gives, for each sample, the sum of the
        gradients of its outputs weighted by the cotangent, ``(n, …)`` as the batch. Of several inputs both take each as
        an argument, and this one gives a tuple of gradients.

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> energy = xcebra.models.Callables(
    ...     lambda x: (x**2).sum(axis=(1, 2)), lambda x, c: 2 * x * c[:, None, None]
    ... )
    >>> a = xcebra.CrossDomainIG(energy, domain="time").attribute(np.ones((1, 1, 4)))
    >>> a.values.round(6).tolist()
    [[[1.0, 1.0, 1.0, 1.0]]]
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        vjp: Callable[..., Any],
    ) -> None:
        self._forward = forward
        self._vjp = vjp

    def prepare(self, x: Any) -> None:
        self.input_shape = tuple(x.shape[1:])
        value = to_numpy(self._forward(*split(to_float(x[:1], "x"), self.parts)), "the model's output")
        self.output_shape = tuple(value.shape[1:])
        flat(value, 1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return flat(self._forward(*split(x, self.parts)), len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.forward(x), self.vjp(x, cotangent)

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        cotangent = cotangent.reshape(len(x), *self.output_shape)
        found = self._vjp(*split(x, self.parts), cotangent)
        if self.parts is not None:
            # one gradient for each input
            found = np.concatenate([to_float(one, "the gradient").reshape(len(x), -1) for one in found], axis=1)
        gradient = to_float(found, "the gradient")
        if gradient.shape != x.shape:
            raise ValueError(f"vjp returned shape {gradient.shape} for a batch of shape {x.shape}")
        return gradient


class BlackBox(Model):
    """A function of which only values are known, such as ``classifier.predict_proba``.

    Gradients are central differences: two values for each input of a sample and each point of a path. Where
    the function is a step (trees), they are zero; use ``smoothing`` of `CrossDomainIG`, or groups of coefficients by
    `interactions`.

    Parameters
    ----------
    function : callable
        Takes a NumPy array ``(n, …)``, gives ``(n, …)``.
    step : float, optional
        Relative step: an input moves by ``step * max(1, |x|)`` to both sides. By default the cube root of the
        precision of what the function returns: 6e-6 for ``float64``, 5e-3 for ``float32``.
    dtype : optional
        What the function is called with; by default the type of the samples.
    """

    def __init__(self, function: Callable[[np.ndarray], Any], *, step: float | None = None, dtype: Any = None) -> None:
        self.function = function
        self.step = step
        self.dtype = dtype

    def prepare(self, x: Any) -> None:
        self.input_shape = tuple(x.shape[1:])
        given = to_numpy(x[:1], "x")
        self._dtype = np.dtype(self.dtype or (given.dtype if given.dtype.kind == "f" else np.float64))
        value = to_numpy(self.function(*split(given.astype(self._dtype), self.parts)), "the model's output")
        self.output_shape = tuple(value.shape[1:])
        flat(value, 1)
        kinds = [kind for kind in (self._dtype, value.dtype) if kind.kind == "f"]
        precision = max(float(np.finfo(kind).eps) for kind in kinds)
        self.difference_step = self.step or precision ** (1 / 3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return flat(self.function(*split(x.astype(self._dtype, copy=False), self.parts)), len(x))
