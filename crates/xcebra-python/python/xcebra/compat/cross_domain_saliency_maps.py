"""The interface of ``cross_domain_saliency_maps``.

Replace ``from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG`` by
``from xcebra.compat.cross_domain_saliency_maps import FourierIG``.

``run`` gives what it gives there, in the shape it has there, as a tensor of float32. All points of the path go through the
model together, by the same right sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import to_float
from .._explain import CrossDomainIG
from .._result import Attribution
from ..domains import Basis, Domain
from ..models import Torch

__all__ = ["ComplexCepstrumIG", "DWTIG", "FourierIG", "ICAIG", "STFTIG", "TimeIG"]


class _IG:
    """What all classes do."""

    def __init__(
        self, model: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None, *, domain: Any = "time"
    ) -> None:
        self.model = model
        self.n_iterations = int(n_iterations)
        self.output_channel = int(output_channel)
        self.device = device
        self.dtype = dtype
        self._domain = domain

    def _explain(self, x: Any, x_baseline: Any, domain: Any, **settings: Any) -> Attribution:
        import torch

        x, x_baseline = to_float(x, "x"), to_float(x_baseline, "x_baseline")
        if len(x) != 1 or x.shape != x_baseline.shape:
            raise ValueError(f"x has shape {x.shape} and x_baseline {x_baseline.shape}; pass one sample each, (1, …)")
        model = Torch(self.model, device=self.device, dtype=self.dtype or torch.float32)
        ig = CrossDomainIG(model, domain, rule=f"right:{self.n_iterations}", batch_size=min(self.n_iterations, 512), **settings)
        found = ig.attribute(x, x_baseline, self.output_channel, progress=False)
        assert isinstance(found, Attribution)  # x is one array
        return found

    def _kept(self, values: np.ndarray) -> Any:
        import torch

        self.multiIG = torch.from_numpy(np.ascontiguousarray(values)).to(dtype=self.dtype or torch.float32)
        if self.device is not None:
            self.multiIG = self.multiIG.to(self.device)
        return self.multiIG

    def run(self, x: Any, x_baseline: Any) -> Any:
        """The attribution of one sample ``(1, …)`` against a baseline of the same shape, a tensor."""
        return self._kept(self._explain(x, x_baseline, self._domain).values)

    def getMultiIG(self) -> Any:  # noqa: N802
        """What `run` gave last."""
        return self.multiIG


class TimeIG(_IG):
    """Integrated gradients in time."""


class FourierIG(_IG):
    """Integrated gradients in the two-sided spectrum of the last axis."""

    def run(self, x: Any, x_baseline: Any) -> Any:
        return self._kept(self._explain(x, x_baseline, "fourier").values)


class ICAIG(_IG):
    """Integrated gradients by independent components: how much each component, as a whole, contributes.

    Parameters
    ----------
    ica : fitted sklearn.decomposition.FastICA
    """

    def __init__(
        self, model: Any, ica: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype)
        self.ica = ica

    def run(self, x: Any, x_baseline: Any) -> Any:
        """The attribution of each component, ``(components,)``. The baseline is the mean of the components' fit."""
        x = to_float(x, "x")
        if x.ndim != 3:
            raise ValueError(f"x has shape {x.shape}; pass (1, channels, time)")
        # what the components make of the signal: all of it, unless they are fewer than the channels
        x = np.ascontiguousarray(self.ica.inverse_transform(self.ica.transform(x[0].T)).T[None])
        mean = np.asarray(self.ica.mean_, dtype=np.float64)
        baseline = np.broadcast_to(mean[None, :, None], x.shape)
        found = self._explain(x, baseline, Basis(self.ica))
        # the parts of all moments of a component add up to that of its column of the mixing matrix
        return self._kept(found.by_axis("component").values[0][: self.ica.mixing_.shape[1]])


class STFTIG(_IG):
    """Integrated gradients in a short-time Fourier transform as torch computes it."""

    def __init__(
        self,
        model: Any,
        n_iterations: int,
        output_channel: int,
        device: Any,
        n_fft: int,
        hop_length: int,
        win_length: int,
        center: bool = True,
        normalized: bool = False,
        onesided: bool = True,
        time_dimension: int = -1,
        dtype: Any = None,
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype)
        self.arguments = {
            "n_fft": n_fft, "hop_length": hop_length, "win_length": win_length, "center": center, "normalized": normalized,
            "onesided": onesided,
        }
        self.time_dimension = time_dimension

    def run(self, x: Any, x_baseline: Any) -> Any:
        x = to_float(x, "x")
        domain = _TorchStft(x.shape[1:], self.time_dimension, self.arguments)
        return self._kept(self._explain(x, x_baseline, domain).values)


class _TorchStft(Domain):
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
    from ..domains import Axis

    roles = ["frequency", "time"]
    return [Axis("channel" if i == 0 and len(shape) > 2 else f"axis {i}") for i in range(len(shape) - 2)] + [
        Axis(role) for role in roles
    ]


class ComplexCepstrumIG(_IG):
    """Refused: the cepstrum there is another one.

    There the phase is not unwrapped, so that its coefficients do not give the signal back; attributions are of another
    signal then. ``CrossDomainIG(model, "cepstrum")`` is complete.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        raise NotImplementedError(
            "the cepstrum of cross_domain_saliency_maps does not unwrap the phase and is not the one here; use "
            'xcebra.CrossDomainIG(model, "cepstrum")'
        )


class DWTIG(_IG):
    """Integrated gradients by the levels of a Haar wavelet transform: one number for each level and channel."""

    def __init__(
        self, model: Any, n_iterations: int, output_channel: int, device: Any = None, levels: int = 3, dtype: Any = None
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype)
        self.levels = int(levels)

    def run(self, x: Any, x_baseline: Any) -> Any:
        x = to_float(x, "x")
        if x.shape[-1] % 2**self.levels:
            raise ValueError(
                f"the signal has {x.shape[-1]} samples; DWTIG of {self.levels} levels takes a multiple of {2**self.levels}. "
                'CrossDomainIG(model, "wavelet:haar") takes any length'
            )
        found = self._explain(x, x_baseline, f"wavelet:haar:{self.levels}", fs=1.0).by_group("wavelet")
        # the averages first, then the details from the finest level on
        names = [name.split(" ")[0] for name in found.axes["wavelet"].labels]
        order = [names.index(f"a{self.levels}"), *(names.index(f"d{level}") for level in range(1, self.levels + 1))]
        values = found.values[..., order]
        return self._kept(values.reshape(1, -1, self.levels + 1, 1))
