"""The classes of ``cross_domain_saliency_maps`` that integrate by captum, without captum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import to_float
from .._explain import CrossDomainIG
from .._result import Attribution
from ..models import Torch
from ._asked import Asked, OfComponents, OfStft
from ._refused import refuse
from ._transforms import OFFSET_SEEN, Cepstrum, TorchStft, haar_domain, haar_levels, through_components

#: The rules of captum, with the names that they have here.
_RULES = {
    "gausslegendre": "gauss-legendre",
    "riemann_right": "right",
    "riemann_left": "left",
    "riemann_middle": "midpoint",
}


class CaptumCrossDomainIG(Asked):
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
        super().__init__(model, n_iterations, output_channel, device, dtype)
        self.method = method
        self.delta: Any = None

    def _domain(self, x: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """The domain of samples, and further settings of its explainer."""
        return "time", {}

    def _ends(self, x: np.ndarray, x_baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The samples that are explained, and their baselines."""
        return x, x_baseline

    def _values(self, found: Attribution) -> np.ndarray:
        """What `run` gives of it."""
        return found.values

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
        refuse("run", more, {})
        x, x_baseline = self._ends(to_float(x, "x"), to_float(x_baseline, "x_baseline"))
        arguments = () if additional_forward_args is None else additional_forward_args
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        model = Torch(self.model, device=self.device, dtype=self._type(), arguments=arguments)
        rule = f"{_RULES[self.method]}:{self.n_iterations}"
        domain, settings = self._domain(x)
        ig = CrossDomainIG(model, domain, rule=rule, batch_size=internal_batch_size or 64, **settings)
        found = ig.attribute(x, x_baseline, self.output_channel if target is None else target, progress=False)
        self.multiIG = self._tensor(self._values(found))
        self.delta = self._tensor(found.convergence_delta) if return_convergence_delta else None
        return (self.multiIG, self.delta) if return_convergence_delta else self.multiIG

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

    def _domain(self, x: np.ndarray) -> tuple[Any, dict[str, Any]]:
        axis = self.time_dimension if self.time_dimension < 0 else self.time_dimension - 1
        return "fourier", {"time_axis": axis}


class CaptumICAIG(OfComponents, CaptumCrossDomainIG):
    """Integrated gradients by the mixing matrix of independent components, summed over the components as there: how much
    each channel contributes, ``(1, channels)``. `ICAIG` gives the components.

    Parameters
    ----------
    ica : fitted sklearn.decomposition.FastICA
    """

    def _ends(self, x: np.ndarray, x_baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return through_components(self.ica, x)

    def _values(self, found: Attribution) -> np.ndarray:
        return found.values.sum(-1)


class CaptumSTFTIG(OfStft, CaptumCrossDomainIG):
    """Integrated gradients in a short-time Fourier transform as torch computes it."""

    def _domain(self, x: np.ndarray) -> tuple[Any, dict[str, Any]]:
        return TorchStft(x.shape[1:], self.time_dimension, self.arguments), {}


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

    def _domain(self, x: np.ndarray) -> tuple[Any, dict[str, Any]]:
        return Cepstrum(x.shape[1:], self.time_dimension, self.eps), {"round_trip_tolerance": OFFSET_SEEN}


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

    def _domain(self, x: np.ndarray) -> tuple[Any, dict[str, Any]]:
        return haar_domain(x, self.levels), {"fs": 1.0}

    def _values(self, found: Attribution) -> np.ndarray:
        return haar_levels(found, self.levels)
