"""The classes of ``cross_domain_saliency_maps`` that integrate by captum, without captum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import to_float
from .._explain import CrossDomainIG
from .._result import Attribution
from ..models import Torch
from ._refused import refuse
from ._transforms import OFFSET_SEEN, Cepstrum, TorchStft, haar_levels

#: The rules of captum, with the names that they have here.
_RULES = {
    "gausslegendre": "gauss-legendre",
    "riemann_right": "right",
    "riemann_left": "left",
    "riemann_middle": "midpoint",
}


class CaptumCrossDomainIG:
    """What all classes do.

    Parameters
    ----------
    model : torch.nn.Module
    n_iterations : int
        Points of the path.
    output_channel : int
    device, dtype
        What the model is called on and with.
    method : "gausslegendre", "riemann_right", "riemann_left" or "riemann_middle"
        captum's ``"riemann_trapezoid"`` has weights that do not add up to 1 and is refused.
    multiply_by_inputs, return_packed_complex_attributions
        Only their defaults.
    """

    def __init__(
        self,
        model: Any,
        n_iterations: int,
        output_channel: int,
        device: Any = None,
        dtype: Any = None,
        method: str = "gausslegendre",
        multiply_by_inputs: bool = True,
        return_packed_complex_attributions: bool = False,
    ) -> None:
        if method not in _RULES:
            raise ValueError(
                f"method is {method!r}; pass one of {', '.join(_RULES)}. For trapezoids use "
                f'xcebra.CrossDomainIG(model, rule="trapezoid:{int(n_iterations) - 1}")'
            )
        given = {
            "multiply_by_inputs": multiply_by_inputs,
            "return_packed_complex_attributions": return_packed_complex_attributions,
        }
        refuse(type(self).__name__, given, {
            "multiply_by_inputs": ((True,), "divide the attributions by the change of the coefficients"),
            "return_packed_complex_attributions": ((False,), "the parts of a complex coefficient are attributed together"),
        })
        self.model = model
        self.n_iterations = int(n_iterations)
        self.output_channel = int(output_channel)
        self.device = device
        self.dtype = dtype
        self.method = method
        self.multiIG: Any = None
        self.delta: Any = None

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        """Values of samples, from `ask`, which explains ``(x, x_baseline, domain, **settings)``."""
        return ask(x, x_baseline, "time").values

    def run(
        self,
        x: Any,
        x_baseline: Any,
        target: Any = None,
        additional_forward_args: Any = None,
        internal_batch_size: int | None = None,
        return_convergence_delta: bool = False,
        **more: Any,
    ) -> Any:
        """Attributions of samples ``(n, …)``, a tensor; with `return_convergence_delta` also how far their sums are off.

        Parameters
        ----------
        x, x_baseline : array, (n, …)
        target : int, optional
            By default `output_channel`.
        additional_forward_args
            Further arguments of the model.
        internal_batch_size : int, optional
            Points that go through the model together; by default 64.
        return_convergence_delta : bool
        """
        import torch

        refuse("run", more, {})
        x, x_baseline = to_float(x, "x"), to_float(x_baseline, "x_baseline")
        arguments = () if additional_forward_args is None else additional_forward_args
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        model = Torch(self.model, device=self.device, dtype=self.dtype or torch.float32, arguments=arguments)
        deltas: list[np.ndarray] = []

        def ask(x: np.ndarray, x_baseline: np.ndarray, domain: Any, **settings: Any) -> Attribution:
            rule = f"{_RULES[self.method]}:{self.n_iterations}"
            ig = CrossDomainIG(model, domain, rule=rule, batch_size=internal_batch_size or 64, **settings)
            found = ig.attribute(x, x_baseline, self.output_channel if target is None else target, progress=False)
            deltas.append(found.convergence_delta)
            return found

        self.multiIG = self._tensor(self._found(x, x_baseline, ask))
        self.delta = self._tensor(deltas[0]) if return_convergence_delta else None
        return (self.multiIG, self.delta) if return_convergence_delta else self.multiIG

    def _tensor(self, values: np.ndarray) -> Any:
        import torch

        found = torch.from_numpy(np.ascontiguousarray(values)).to(dtype=self.dtype or torch.float32)
        return found if self.device is None else found.to(self.device)

    def getMultiIG(self) -> Any:  # noqa: N802
        """What `run` gave last."""
        return self.multiIG

    def getDelta(self) -> Any:  # noqa: N802
        """How far the sums were off, if `run` was asked for it."""
        return self.delta


class CaptumTimeIG(CaptumCrossDomainIG):
    """Integrated gradients in time."""


class CaptumFourierIG(CaptumCrossDomainIG):
    """Integrated gradients in the two-sided spectrum of one axis.

    Parameters
    ----------
    time_dimension : int
        The axis, counted with that of the samples.
    """

    def __init__(
        self, model: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None, time_dimension: int = -1,
        **more: Any,
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        self.time_dimension = int(time_dimension)

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        axis = self.time_dimension if self.time_dimension < 0 else self.time_dimension - 1
        return ask(x, x_baseline, "fourier", time_axis=axis).values


class CaptumICAIG(CaptumCrossDomainIG):
    """Integrated gradients by the mixing matrix of independent components, summed over the components as there: how much
    each channel contributes, ``(1, channels)``. `ICAIG` gives the components.

    Parameters
    ----------
    ica : fitted sklearn.decomposition.FastICA
    """

    def __init__(
        self, model: Any, ica: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None, **more: Any
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        self.ica = ica

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        if x.ndim != 3 or len(x) != 1:
            raise ValueError(f"x has shape {x.shape}; pass (1, channels, time)")
        # what the components make of the signal, from a baseline without any of them
        x = np.ascontiguousarray(self.ica.inverse_transform(self.ica.transform(x[0].T)).T[None])
        mean = np.asarray(self.ica.mean_, dtype=np.float64)
        return ask(x, np.broadcast_to(mean[None, :, None], x.shape), "time").values.sum(-1)


class CaptumSTFTIG(CaptumCrossDomainIG):
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
        **more: Any,
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        self.arguments = {
            "n_fft": n_fft, "hop_length": hop_length, "win_length": win_length, "center": center, "normalized": normalized,
            "onesided": onesided,
        }
        self.time_dimension = time_dimension

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        return ask(x, x_baseline, TorchStft(x.shape[1:], self.time_dimension, self.arguments)).values


class CaptumComplexCepstrumIG(CaptumCrossDomainIG):
    """Integrated gradients in the complex cepstrum, whose phase is not unwrapped; see `ComplexCepstrumIG`.

    Parameters
    ----------
    eps : float
        What is added to the spectrum before its logarithm.
    """

    def __init__(
        self,
        model: Any,
        n_iterations: int,
        output_channel: int,
        device: Any = None,
        dtype: Any = None,
        time_dimension: int = -1,
        eps: float = 1e-7,
        **more: Any,
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        self.time_dimension = int(time_dimension)
        self.eps = float(eps)

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        domain = Cepstrum(x.shape[1:], self.time_dimension, self.eps)
        return ask(x, x_baseline, domain, round_trip_tolerance=OFFSET_SEEN).values


class CaptumDWTIG(CaptumCrossDomainIG):
    """Integrated gradients by the levels of a Haar wavelet transform of the last axis.

    Parameters
    ----------
    levels : int
    """

    def __init__(
        self,
        model: Any,
        n_iterations: int,
        output_channel: int,
        device: Any = None,
        levels: int = 3,
        dtype: Any = None,
        time_dimension: int = -1,
        pad_mode: str = "circular",
        **more: Any,
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        refuse("CaptumDWTIG", {"time_dimension": time_dimension, "pad_mode": pad_mode}, {
            "time_dimension": ((-1,), 'move the axis of time to the end, or use xcebra.CrossDomainIG(model, "wavelet:haar")'),
            "pad_mode": (("circular",), "signals of a multiple of 2**levels samples need no padding"),
        })
        self.levels = int(levels)

    def _found(self, x: np.ndarray, x_baseline: np.ndarray, ask: Any) -> np.ndarray:
        return haar_levels(x, self.levels, lambda domain: ask(x, x_baseline, domain, fs=1.0))
