"""The transforms of ``cross_domain_saliency_maps`` as they are defined there."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._result import Attribution
from ..domains import Axis, Domain


class TorchStft(Domain):
    """``torch.stft`` and ``torch.istft`` in double precision, along one axis of a signal."""

    name = "torch-stft"
    has_affine_inverse = True

    def __init__(self, shape: tuple[int, ...], axis: int, arguments: dict[str, Any]) -> None:
        import torch

        self.signal_shape = tuple(shape)
        self.axis = axis if axis < 0 else axis - len(shape) - 1
        self.arguments = arguments
        self.window = torch.ones(arguments["win_length"], dtype=torch.float64)
        self.length = shape[self.axis]
        self.coefficient_shape = tuple(self.forward(np.zeros((1, *shape))).shape[1:])
        self.axes = _counted(self.coefficient_shape)

    def _moved(self, x: np.ndarray) -> np.ndarray:
        return np.moveaxis(x, self.axis, -1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        import torch

        moved = np.ascontiguousarray(self._moved(x))
        rows = torch.from_numpy(moved.reshape(-1, self.length))
        found = torch.stft(rows, window=self.window, return_complex=True, **self.arguments).numpy()
        return found.reshape(*moved.shape[:-1], *found.shape[1:])

    def _inverse_tensor(self, z: Any) -> Any:
        import torch

        return torch.istft(z, window=self.window, length=self.length, **self.arguments)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        import torch

        rows = torch.from_numpy(np.ascontiguousarray(z).reshape(-1, *z.shape[-2:]))
        found = self._inverse_tensor(rows).numpy().reshape(*z.shape[:-2], self.length)
        return np.moveaxis(found, -1, self.axis)

    def inverse_vjp(self, z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        import torch

        rows = torch.from_numpy(np.ascontiguousarray(z).reshape(-1, *z.shape[-2:])).requires_grad_()
        weights = torch.from_numpy(np.ascontiguousarray(self._moved(cotangent)).reshape(-1, self.length))
        with torch.inference_mode(False), torch.enable_grad():
            (gradient,) = torch.autograd.grad(self._inverse_tensor(rows), rows, weights)
        # torch gives ∂/∂a + i ∂/∂b for a real function, as the domain needs it
        return gradient.numpy().reshape(z.shape)


def _counted(shape: tuple[int, ...]) -> list[Any]:
    roles = ["frequency", "time"]
    return [Axis("channel" if i == 0 and len(shape) > 2 else f"axis {i}") for i in range(len(shape) - 2)] + [
        Axis(role) for role in roles
    ]


#: What is added to a spectrum before its logarithm. The first sample is larger by it than that of the signal.
OFFSET = 1e-7
#: How much of that may show, relative to the largest sample.
OFFSET_SEEN = 1e-2


class Cepstrum(Domain):
    """``ifft(log(fft(x) + offset))`` along an axis, counted with that of the samples."""

    name = "complex-cepstrum"

    def __init__(self, shape: tuple[int, ...], axis: int = -1, offset: float = OFFSET) -> None:
        self.signal_shape = self.coefficient_shape = tuple(shape)
        self.axis = axis
        self.offset = offset
        time = axis % (len(shape) + 1) - 1
        self.axes = [Axis("quefrency" if i == time else f"axis {i}") for i in range(len(shape))]

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.fft.ifft(np.log(np.fft.fft(x, axis=self.axis) + self.offset), axis=self.axis)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        return np.fft.ifft(np.exp(np.fft.fft(z, axis=self.axis)), axis=self.axis).real

    def inverse_vjp(self, z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        return np.fft.ifft(np.exp(np.fft.fft(z, axis=self.axis)).conj() * np.fft.fft(cotangent, axis=self.axis), axis=self.axis)


def through_components(ica: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What fitted components make of a signal ``(1, channels, time)``: all of it, unless they are fewer than the channels.
    And the baseline without any of them."""
    if x.ndim != 3 or len(x) != 1:
        raise ValueError(f"x has shape {x.shape}; pass (1, channels, time)")
    x = np.ascontiguousarray(ica.inverse_transform(ica.transform(x[0].T)).T[None])
    mean = np.asarray(ica.mean_, dtype=np.float64)
    return x, np.broadcast_to(mean[None, :, None], x.shape)


def haar_domain(x: np.ndarray, levels: int) -> str:
    """The Haar wavelets of this many levels, of signals that they divide."""
    if x.shape[-1] % 2**levels:
        raise ValueError(
            f"the signal has {x.shape[-1]} samples; {levels} levels take a multiple of {2**levels}. "
            'CrossDomainIG(model, "wavelet:haar") takes any length'
        )
    return f"wavelet:haar:{levels}"


def haar_levels(found: Attribution, levels: int) -> np.ndarray:
    """One number for each level and channel, ``(n, channels, levels + 1, 1)``: the averages first, then the details from
    the finest level on."""
    found = found.by_group("wavelet")
    names = [name.split(" ")[0] for name in found.axes["wavelet"].labels]
    order = [names.index(f"a{levels}"), *(names.index(f"d{level}") for level in range(1, levels + 1))]
    return found.values[..., order].reshape(len(found.values), -1, levels + 1, 1)
