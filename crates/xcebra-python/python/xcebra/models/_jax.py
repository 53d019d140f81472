"""Functions of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import is_jax, to_float
from ._model import Model, flat, split


class Jax(Model):
    """A function of JAX.

    Parameters
    ----------
    function : callable
        Takes an array ``(n, …)`` and gives an array ``(n, …)``; each row of the output depends on the same row of the
        input only.
    jit : bool
        Compile it. Batches are filled up to powers of two then, so that few sizes are compiled.
    dtype : optional
        What it is called with; by default the type of the samples if they are an array of JAX, else ``float64`` if
        JAX computes in it, else ``float32``.
    """

    def __init__(self, function: Callable[[Any], Any], *, jit: bool = True, dtype: Any = None) -> None:
        self.function = function
        self.jit = jit
        self.dtype = dtype

    def prepare(self, x: Any) -> None:
        import jax

        usual = jax.numpy.float64 if jax.config.read("jax_enable_x64") else jax.numpy.float32
        self._dtype = self.dtype or (x.dtype if is_jax(x) and x.dtype.kind == "f" else usual)

        def function(x: Any) -> Any:
            return self.function(*split(x, self.parts))

        def both(x: Any, cotangent: Any) -> Any:
            value, pull = jax.vjp(function, x)
            return value, pull(cotangent.reshape(value.shape).astype(value.dtype))[0]

        self._forward = jax.jit(function) if self.jit else function
        self._both = jax.jit(both) if self.jit else both
        self.input_shape = tuple(x.shape[1:])
        value = self._forward(jax.numpy.asarray(to_float(x[:1], "x"), dtype=self._dtype))
        self.output_shape = tuple(value.shape[1:])
        flat(value, 1)

    def _padded(self, x: np.ndarray) -> np.ndarray:
        n = len(x)
        full = 1 << max(n - 1, 0).bit_length() if self.jit else n
        return x if full == n else np.concatenate([x, np.repeat(x[-1:], full - n, axis=0)])

    def forward(self, x: np.ndarray) -> np.ndarray:
        import jax

        value = self._forward(jax.numpy.asarray(self._padded(x), dtype=self._dtype))
        return flat(value[: len(x)], len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import jax

        n = len(x)
        value, gradient = self._both(
            jax.numpy.asarray(self._padded(x), dtype=self._dtype), jax.numpy.asarray(self._padded(cotangent))
        )
        return flat(value[:n], n), to_float(gradient[:n], "the gradient")
