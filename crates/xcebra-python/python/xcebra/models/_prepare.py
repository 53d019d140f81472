"""From what people pass as a model to one that can be called."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._arrays import is_instance_of, is_jax, is_tensor, is_tensorflow
from ._functions import BlackBox, Callables
from ._jax import Jax
from ._keras import Keras, TensorFlow
from ._model import Model
from ._onnx import Onnx
from ._torch import Torch


class Prepared:
    """A model that has seen its samples: what the compiled half calls, and what its outputs look like."""

    def __init__(self, native: Any, input_shape: Sequence[int], output_shape: Sequence[int]) -> None:
        self.native = native
        self.input_shape = tuple(input_shape)
        self.output_shape = tuple(output_shape)

    @property
    def outputs(self) -> int:
        """Number of outputs, all axes of them together."""
        return int(np.prod(self.output_shape, dtype=int))


def prepare(model: Any, x: Any, parts: Sequence[Sequence[int]] | None = None) -> Prepared:
    """Find out what `model` is, and get it ready for samples `x` ``(n, …)``.

    With `parts`, `x` are the flat samples ``(n, total)`` of several inputs of these shapes.

    Raises
    ------
    TypeError
        If it is nothing that can be called.
    """
    model = _wrapped(model, x)
    if isinstance(model, Onnx):
        native = model.load(*(parts or [x.shape[1:]]))
        return Prepared(native, native.input_shape, (native.outputs,))
    if parts is not None:
        model = copy.copy(model)
        model.parts = [tuple(shape) for shape in parts]
    model.prepare(x)
    return Prepared(model, model.input_shape, model.output_shape)


def _wrapped(model: Any, x: Any) -> Model | Onnx:
    if isinstance(model, (Model, Onnx)):
        return model
    if isinstance(model, (str, os.PathLike)):
        return Onnx(model)
    if is_instance_of(model, "torch.nn", "Module"):
        return Torch(model)
    if is_instance_of(model, "keras", "Model"):
        return Keras(model)
    if is_instance_of(model, "tensorflow", "Module") or (callable(model) and _is_of_tensorflow(model, x)):
        return TensorFlow(model)
    if isinstance(model, tuple) and len(model) == 2 and all(map(callable, model)):
        return Callables(*model)
    if hasattr(model, "predict") and not callable(model):
        raise TypeError(
            f"a {type(model).__name__} has several outputs to explain; pass xcebra.models.BlackBox(model.predict), "
            "or (model.predict_proba) for the probabilities of a classifier"
        )
    if not callable(model):
        raise TypeError(
            f"a {type(model).__name__} is not a model; pass a torch or Keras module, a function, a pair of functions "
            "(value, vjp), a path of an ONNX file or an object of xcebra.models"
        )
    if is_tensor(x):
        return Torch(model)
    if is_jax(x) or type(model).__module__.split(".")[0] in ("jax", "jaxlib"):
        return Jax(model)
    return BlackBox(model)


def _is_of_tensorflow(model: Any, x: Any) -> bool:
    """Whether it is a compiled function of TensorFlow, or is given its tensors."""
    return is_tensorflow(x) or type(model).__module__.split(".")[0] == "tensorflow"
