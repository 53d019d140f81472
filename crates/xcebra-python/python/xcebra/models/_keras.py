"""Models of Keras and functions of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import to_float
from ._jax import Jax
from ._model import Model, flat, selected, split
from ._torch import Torch


class Keras(Model):
    """A model of Keras 3, on any of its backends.

    Parameters
    ----------
    model : keras.Model
    training : bool
        What its layers are told.
    output : str, int or callable, optional
        Which part is explained, if it returns several.
    """

    def __init__(self, model: Any, *, training: bool = False, output: Any = None) -> None:
        self.model = model
        self.training = training
        self.output = output

    def prepare(self, x: Any) -> None:
        import keras

        backend = keras.backend.backend()
        call = self._call
        if backend == "torch":
            self._inner: Model = Torch(call, dtype=None)
        elif backend == "jax":
            self._inner = Jax(call)
        elif backend == "tensorflow":
            self._inner = TensorFlow(call)
        else:
            raise ValueError(f"Keras runs on {backend}; its backends tensorflow, jax and torch have gradients")
        self._inner.prepare(to_float(x, "x", self._dtype()))
        self.input_shape = self._inner.input_shape
        self.output_shape = self._inner.output_shape

    def _dtype(self) -> type:
        """The type of its first input, or Keras's own."""
        inputs = getattr(self.model, "inputs", None)
        return np.float64 if inputs and str(inputs[0].dtype) == "float64" else np.float32

    def _call(self, x: Any) -> Any:
        if self.parts is not None:
            import keras

            x = split(x, self.parts, keras.ops.reshape)
        return selected(self.model(x, training=self.training), self.output)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self._inner.forward(x)

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._inner.value_and_vjp(x, cotangent)

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        return self._inner.vjp(x, cotangent)


class TensorFlow(Model):
    """A module or function of TensorFlow.

    Parameters
    ----------
    function : callable
        Takes a tensor ``(n, …)`` and gives a tensor ``(n, …)``.
    dtype : optional
        What it is called with; by default the type of its first floating variable, else that of the samples.
    output : str, int or callable, optional
        Which part is explained, if it returns several.
    """

    def __init__(self, function: Callable[[Any], Any], *, dtype: Any = None, output: Any = None) -> None:
        self.function = function
        self.dtype = dtype
        self.output = output

    def prepare(self, x: Any) -> None:
        own = [variable.dtype for variable in getattr(self.function, "variables", ()) if variable.dtype.is_floating]
        found = self.dtype or (own[0] if own else x.dtype)
        self._dtype = np.dtype(getattr(found, "as_numpy_dtype", found))
        if self._dtype.kind != "f":
            self._dtype = np.dtype(np.float32)
        self.input_shape = tuple(x.shape[1:])
        value = self._call(self._tensor(to_float(x[:1], "x")))
        self.output_shape = tuple(value.shape[1:])
        flat(value, 1)

    def _tensor(self, x: np.ndarray) -> Any:
        import tensorflow as tf

        return tf.convert_to_tensor(np.asarray(x, dtype=self._dtype))

    def _call(self, tensor: Any) -> Any:
        import tensorflow as tf

        return selected(self.function(*split(tensor, self.parts, tf.reshape)), self.output)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return flat(self._call(self._tensor(x)), len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import tensorflow as tf

        tensor = self._tensor(x)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensor)
            value = self._call(tensor)
        weights = tf.reshape(tf.cast(cotangent, value.dtype), tf.shape(value))
        gradient = tape.gradient(value, tensor, output_gradients=weights)
        if gradient is None:
            raise RuntimeError(
                "the model's output carries no gradient to its input: it was stopped, or computed outside of TensorFlow. "
                "Wrap the model as xcebra.models.BlackBox to use differences instead"
            )
        return flat(value, len(x)), to_float(gradient, "the gradient")
