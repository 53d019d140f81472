"""Modules of torch."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from .._arrays import is_tensor, to_float
from .._run import warn
from ._model import Model, flat, selected, split


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
        return selected(self.module(*split(tensor, self.parts), *self.arguments, **self.keywords), self.output)

    def forward(self, x: np.ndarray) -> np.ndarray:
        import torch

        with torch.no_grad():
            return flat(self._same_shape(self._call(self._tensor(x))), len(x))

    def value_and_vjp(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = self._pulled(x, cotangent)
        return flat(value, len(x)), gradient

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
