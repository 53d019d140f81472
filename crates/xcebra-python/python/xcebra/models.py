"""Models of other libraries as functions that can be explained.

`CrossDomainIG` and `attribute` find the right class by themselves; name it where a guess would be wrong, or to set
its arguments.
"""

from __future__ import annotations

import copy
import os
import sys
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from . import _xcebra
from ._arrays import is_instance_of, is_jax, is_tensor, is_tensorflow, to_float, to_numpy
from ._run import warn

__all__ = ["BlackBox", "Callables", "Jax", "Keras", "Model", "Onnx", "TensorFlow", "Torch"]


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


def _split(x: Any, parts: Sequence[Sequence[int]] | None, reshape: Any = None) -> list[Any]:
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


def _flat(value: Any, n: int, what: str = "the model's output") -> np.ndarray:
    """Values (n, outputs) of an output (n, …)."""
    found = to_float(value, what)
    if found.ndim == 0 and n == 1:
        found = found.reshape(1)
    if found.ndim == 0 or found.shape[0] != n:
        raise ValueError(
            f"{what} for a batch of {n} has shape {found.shape}; its first axis must count the samples of the batch"
        )
    return found.reshape(n, -1)


def _selected(value: Any, output: Any) -> Any:
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


#: What modules of torch were seen with, and the shapes of their outputs.
_SHAPES: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()


def _structure(module: Any) -> Any:
    """All of a module of torch that may decide the shape of its output, to be compared. TypeError if it cannot be told:
    hooks, and attributes that are not plain values, can change unseen."""
    import torch

    common = vars(torch.nn.Module()).keys()
    parts = []
    for part in module.modules():
        if part._forward_hooks or part._forward_pre_hooks:
            raise TypeError("a hook may change the output")
        own = tuple((name, _plain(value)) for name, value in vars(part).items() if name not in common)
        parts.append((type(part), part.training, own))
    tensors = [*module.parameters(), *module.buffers()]
    return parts, [(id(tensor), tensor.shape) for tensor in tensors]


def _plain(value: Any) -> Any:
    """A plain value with its type, since 1 equals True. TypeError for others."""
    if isinstance(value, (tuple, list)):
        return type(value), tuple(map(_plain, value))
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return type(value), value
    raise TypeError(f"{type(value).__name__} is no plain value")


class Torch(Model):
    """A module of torch, or any function of a tensor.

    The module is called as it is: on its device, in training or evaluation mode, under the caller's autocast. Only
    gradients are switched on for the calls. Its parameters receive no gradients.

    Parameters
    ----------
    module : torch.nn.Module or callable
        Takes a tensor ``(n, …)`` and gives a tensor ``(n, …)``.
    dtype : torch.dtype, optional
        What it is called with; by default the type of its first floating parameter, else that of the samples.
    device : torch.device, optional
        Likewise.
    output : str, int or callable, optional
        Which part is explained, if the module returns several; by default `logits`, or the first.
    arguments : tuple, optional
        Further positional arguments of the module.
    keywords : dict, optional
        Further keyword arguments of the module.
    """

    def __init__(
        self,
        module: Callable[..., Any],
        *,
        dtype: Any = None,
        device: Any = None,
        output: str | int | Callable[[Any], Any] | None = None,
        arguments: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> None:
        self.module = module
        self.dtype = dtype
        self.device = device
        self.output = output
        self.arguments = tuple(arguments)
        self.keywords = dict(keywords or {})

    def prepare(self, x: Any) -> None:
        import torch

        own = list(self.module.parameters()) if isinstance(self.module, torch.nn.Module) else []
        own = [p for p in own if p.dtype.is_floating_point]
        like = own[0] if own else (x if is_tensor(x) else None)
        self._dtype = self.dtype or (like.dtype if like is not None else None)
        if self._dtype is None or not self._dtype.is_floating_point:
            kept = getattr(x, "dtype", None) == np.float32
            self._dtype = torch.float32 if kept else torch.float64
        self._device = self.device or (like.device if like is not None else "cpu")
        self._warn_of_training(torch)
        self.input_shape = tuple(x.shape[1:])
        known = self._known_shapes()
        parts = None if self.parts is None else tuple(self.parts)
        key = (self.input_shape, parts, self._dtype, str(self._device))
        if key not in known:
            known[key] = tuple(self._probe(x).shape[1:])
        self.output_shape = known[key]

    def _known_shapes(self) -> dict[Any, tuple[int, ...]]:
        """Shapes of outputs by what goes in, for a module that has not changed since it was seen. A call for nothing but
        the shape takes as long as several points of a path."""
        if self.output is not None or self.arguments or self.keywords:
            return {}
        try:
            structure = _structure(self.module)
            seen = _SHAPES.setdefault(self.module, {})
        except (AttributeError, TypeError):  # a function, or a module that may change unseen
            return {}
        if seen.get("structure") != structure:
            seen.clear()
            seen["structure"] = structure
        return seen.setdefault("shapes", {})

    def _same_shape(self, value: Any) -> Any:
        """The module's output, which must be of the shape that targets were checked against."""
        if tuple(value.shape[1:]) != self.output_shape:
            if isinstance(self.module, Hashable):
                _SHAPES.pop(self.module, None)
            raise ValueError(
                f"the module returned shape {tuple(value.shape[1:])} for a signal, and {self.output_shape} when it was called "
                "before; its output must have one shape. If you changed the module since, call again"
            )
        return value

    def _warn_of_training(self, torch: Any) -> None:
        if not isinstance(self.module, torch.nn.Module) or not self.module.training:
            return
        kinds = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._NormBase)
        if any(isinstance(part, kinds) and part.training for part in self.module.modules()):
            warn(
                "the module is in training mode with dropout or batch normalisation: its output is random or depends "
                "on the other signals of a batch. It is explained like that; call module.eval() first if that is not meant"
            )

    def _probe(self, x: Any) -> Any:
        import torch

        with torch.no_grad():
            value = self._call(self._tensor(to_float(x[:1], "x")))
        n = 1
        if value.ndim == 0:
            value = value.reshape(1)
        if value.shape[0] != n:
            raise ValueError(
                f"the module returns shape {tuple(value.shape)} for a batch of one signal; its first axis must count "
                "the signals of the batch"
            )
        return value

    def _tensor(self, x: np.ndarray) -> Any:
        import torch

        return torch.from_numpy(x).to(device=self._device, dtype=self._dtype)

    def _call(self, tensor: Any) -> Any:
        return _selected(self.module(*_split(tensor, self.parts), *self.arguments, **self.keywords), self.output)

    def forward(self, x: np.ndarray) -> np.ndarray:
        import torch

        with torch.no_grad():
            return _flat(self._same_shape(self._call(self._tensor(x))), len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = self._pulled(x, cotangent)
        return _flat(value, len(x)), gradient

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        return self._pulled(x, cotangent)[1]

    def _pulled(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[Any, np.ndarray]:
        """Values as the module gives them, and gradients."""
        import torch

        with torch.inference_mode(False), torch.enable_grad():
            # the array is not used again, so that the module may share it
            tensor = self._tensor(x).requires_grad_()
            value = self._same_shape(self._call(tensor))
            if not value.requires_grad:
                raise RuntimeError(
                    "the module's output carries no gradient to its input: it was detached, or computed outside of "
                    "torch. Wrap the module as xcebra.models.BlackBox to use differences instead"
                )
            weights = torch.from_numpy(cotangent).to(device=value.device, dtype=value.dtype)
            (gradient,) = torch.autograd.grad(value, tensor, weights.reshape(value.shape), allow_unused=True)
        if gradient is None:
            gradient = torch.zeros_like(tensor)
        return value, to_float(gradient, "the gradient")


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
            return self.function(*_split(x, self.parts))

        def both(x: Any, cotangent: Any) -> Any:
            value, pull = jax.vjp(function, x)
            return value, pull(cotangent.reshape(value.shape).astype(value.dtype))[0]

        self._forward = jax.jit(function) if self.jit else function
        self._both = jax.jit(both) if self.jit else both
        self.input_shape = tuple(x.shape[1:])
        value = self._forward(jax.numpy.asarray(to_float(x[:1], "x"), dtype=self._dtype))
        self.output_shape = tuple(value.shape[1:])
        _flat(value, 1)

    def _padded(self, x: np.ndarray) -> np.ndarray:
        n = len(x)
        full = 1 << max(n - 1, 0).bit_length() if self.jit else n
        return x if full == n else np.concatenate([x, np.repeat(x[-1:], full - n, axis=0)])

    def forward(self, x: np.ndarray) -> np.ndarray:
        import jax

        value = self._forward(jax.numpy.asarray(self._padded(x), dtype=self._dtype))
        return _flat(value[: len(x)], len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import jax

        n = len(x)
        value, gradient = self._both(
            jax.numpy.asarray(self._padded(x), dtype=self._dtype), jax.numpy.asarray(self._padded(cotangent))
        )
        return _flat(value[:n], n), to_float(gradient[:n], "the gradient")


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

            x = _split(x, self.parts, keras.ops.reshape)
        return _selected(self.model(x, training=self.training), self.output)

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
        _flat(value, 1)

    def _tensor(self, x: np.ndarray) -> Any:
        import tensorflow as tf

        return tf.convert_to_tensor(np.asarray(x, dtype=self._dtype))

    def _call(self, tensor: Any) -> Any:
        import tensorflow as tf

        return _selected(self.function(*_split(tensor, self.parts, tf.reshape)), self.output)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return _flat(self._call(self._tensor(x)), len(x))

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
        return _flat(value, len(x)), to_float(gradient, "the gradient")


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
        value = to_numpy(self._forward(*_split(to_float(x[:1], "x"), self.parts)), "the model's output")
        self.output_shape = tuple(value.shape[1:])
        _flat(value, 1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return _flat(self._forward(*_split(x, self.parts)), len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.forward(x), self.vjp(x, cotangent)

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        cotangent = cotangent.reshape(len(x), *self.output_shape)
        found = self._vjp(*_split(x, self.parts), cotangent)
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
        value = to_numpy(self.function(*_split(given.astype(self._dtype), self.parts)), "the model's output")
        self.output_shape = tuple(value.shape[1:])
        _flat(value, 1)
        kinds = [kind for kind in (self._dtype, value.dtype) if kind.kind == "f"]
        precision = max(float(np.finfo(kind).eps) for kind in kinds)
        self.difference_step = self.step or precision ** (1 / 3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return _flat(self.function(*_split(x.astype(self._dtype, copy=False), self.parts)), len(x))


class Onnx:
    """A network in an ONNX file. It is computed in double precision here, without any other library.

    Parameters
    ----------
    path : str or path
    input : str or sequence of str, optional
        The input to differentiate by, if the file has several; or several, whose signals are passed as a tuple.
    output : str, optional
        The output to explain, if the file has several; any value inside the graph may be named.
    sample_shape : sequence of int, optional
        Shape of one sample where the file leaves it open; by default that of the signals.
    sample_axes : sequence of int, optional
        Another order of a sample's axes: axis ``i`` of the signals is axis ``sample_axes[i]`` of the file's sample.
    batch_axis : int or None
        The axis of the input that counts the samples; None if there is none.
    dimensions : dict of str to int, optional
        Lengths of axes that the file only names.
    constants : dict of str to array, optional
        Values of further inputs.
    detach : sequence of str
        Values or nodes of the file at which derivatives stop, such as the statistics of a normalisation.
    precision : {"double", "single"}
        What the network computes in; sums over the path are always in double precision.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        input: str | Sequence[str] | None = None,  # noqa: A002
        output: str | None = None,
        sample_shape: Sequence[int] | None = None,
        sample_axes: Sequence[int] | None = None,
        batch_axis: int | None = 0,
        dimensions: Mapping[str, int] | None = None,
        constants: Mapping[str, Any] | None = None,
        detach: Sequence[str] = (),
        precision: str = "double",
    ) -> None:
        if precision not in ("double", "single"):
            raise ValueError(f"precision is {precision!r}; pass \"double\" or \"single\"")
        self.path = os.fspath(path)
        self.settings: dict[str, Any] = {
            "inputs": [input] if isinstance(input, str) else [str(name) for name in input or ()],
            "output": output,
            "sample_shape": None if sample_shape is None else [int(n) for n in sample_shape],
            "sample_axes": None if sample_axes is None else [int(n) for n in sample_axes],
            "batch_axis": batch_axis,
            "dimensions": [(str(name), int(n)) for name, n in (dimensions or {}).items()],
            "constants": [(str(name), to_float(v, f"constant {name}")) for name, v in (constants or {}).items()],
            "detach": [detach] if isinstance(detach, str) else [str(name) for name in detach],
            "single": precision == "single",
        }

    def load(self, *sample_shapes: Sequence[int]) -> _xcebra.NativeModel:
        """Read the file for samples of this shape, or of one shape for each of several inputs."""
        shapes = [[int(n) for n in shape] for shape in sample_shapes]
        if len(shapes) > 1 and len(self.settings["inputs"]) != len(shapes):
            raise ValueError(
                f"{self.path}: x is a tuple of {len(shapes)} arrays; name as many inputs with "
                "xcebra.models.Onnx(path, input=[...])"
            )
        settings = self.settings | {"signals": shapes}
        try:
            return _xcebra.load_onnx(self.path, settings)
        except ValueError:
            if len(shapes) != 1 or self.settings["sample_shape"] is not None:
                raise
            return _xcebra.load_onnx(self.path, settings | {"sample_shape": shapes[0]})


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
