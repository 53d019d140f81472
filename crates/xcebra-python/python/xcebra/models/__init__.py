"""Models of other libraries as functions that can be explained.

`CrossDomainIG` and `attribute` find the right class by themselves; name it where a guess would be wrong, or to set
its arguments.
"""

from ._functions import BlackBox, Callables
from ._jax import Jax
from ._keras import Keras, TensorFlow
from ._model import Model
from ._onnx import Onnx
from ._torch import Torch

__all__ = ["BlackBox", "Callables", "Jax", "Keras", "Model", "Onnx", "TensorFlow", "Torch"]
