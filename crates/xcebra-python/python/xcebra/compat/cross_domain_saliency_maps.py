"""The interface of ``cross_domain_saliency_maps``.

Replace ``from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG`` by
``from xcebra.compat.cross_domain_saliency_maps import FourierIG``.

The classes that integrate by captum there, `CaptumFourierIG` and so on, are here, too, and do not need captum.

``run`` gives what it gives there, in the shape it has there, as a tensor of float32. All points of the path go through the
model together, by the same right sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import to_float
from .._explain import CrossDomainIG
from .._result import Attribution
from ..domains import Basis
from ..models import Torch
from ._asked import Asked, OfComponents, OfStft
from ._captum import (
    CaptumComplexCepstrumIG,
    CaptumCrossDomainIG,
    CaptumDWTIG,
    CaptumFourierIG,
    CaptumICAIG,
    CaptumSTFTIG,
    CaptumTimeIG,
)
from ._transforms import OFFSET_SEEN, Cepstrum, TorchStft, haar_domain, haar_levels, through_components

__all__ = [
    "CaptumComplexCepstrumIG", "CaptumCrossDomainIG", "CaptumDWTIG", "CaptumFourierIG", "CaptumICAIG", "CaptumSTFTIG",
    "CaptumTimeIG", "ComplexCepstrumIG", "DWTIG", "FourierIG", "ICAIG", "STFTIG", "TimeIG",
]


class _IG(Asked):
    """What all classes do."""

    def _explain(self, x: Any, x_baseline: Any, domain: Any, **settings: Any) -> Attribution:
        x, x_baseline = to_float(x, "x"), to_float(x_baseline, "x_baseline")
        if len(x) != 1 or x.shape != x_baseline.shape:
            raise ValueError(f"x has shape {x.shape} and x_baseline {x_baseline.shape}; pass one sample each, (1, …)")
        model = Torch(self.model, device=self.device, dtype=self._type())
        ig = CrossDomainIG(model, domain, rule=f"right:{self.n_iterations}", batch_size=min(self.n_iterations, 512), **settings)
        return ig.attribute(x, x_baseline, self.output_channel, progress=False)

    def _kept(self, values: np.ndarray) -> Any:
        self.multiIG = self._tensor(values)
        return self.multiIG

    def run(self, x: Any, x_baseline: Any) -> Any:
        """The attribution of one sample ``(1, …)`` against a baseline of the same shape, a tensor."""
        return self._kept(self._explain(x, x_baseline, "time").values)


class TimeIG(_IG):
    """Integrated gradients in time."""


class FourierIG(_IG):
    """Integrated gradients in the two-sided spectrum of the last axis."""

    def run(self, x: Any, x_baseline: Any) -> Any:
        return self._kept(self._explain(x, x_baseline, "fourier").values)


class ICAIG(OfComponents, _IG):
    """Integrated gradients by independent components: how much each component, as a whole, contributes.

    Parameters
    ----------
    ica : fitted sklearn.decomposition.FastICA
    """

    def run(self, x: Any, x_baseline: Any) -> Any:
        """The attribution of each component, ``(components,)``. The baseline is the mean of the components' fit."""
        x, baseline = through_components(self.ica, to_float(x, "x"))
        found = self._explain(x, baseline, Basis(self.ica))
        # the parts of all moments of a component add up to that of its column of the mixing matrix
        return self._kept(found.by_axis("component").values[0][: self.ica.mixing_.shape[1]])


class STFTIG(OfStft, _IG):
    """Integrated gradients in a short-time Fourier transform as torch computes it."""

    def run(self, x: Any, x_baseline: Any) -> Any:
        x = to_float(x, "x")
        domain = TorchStft(x.shape[1:], self.time_dimension, self.arguments)
        return self._kept(self._explain(x, x_baseline, domain).values)


class ComplexCepstrumIG(_IG):
    """Integrated gradients in the complex cepstrum as it is defined there: the phase is not unwrapped.

    The path from the baseline therefore depends on the branch of each phase, and coefficients are complex.
    ``CrossDomainIG(model, "cepstrum")`` unwraps the phase and has real coefficients, delay and polarity.
    """

    def run(self, x: Any, x_baseline: Any) -> Any:
        x = to_float(x, "x")
        return self._kept(self._explain(x, x_baseline, Cepstrum(x.shape[1:]), round_trip_tolerance=OFFSET_SEEN).values)


class DWTIG(_IG):
    """Integrated gradients by the levels of a Haar wavelet transform: one number for each level and channel."""

    def __init__(
        self, model: Any, n_iterations: int, output_channel: int, device: Any = None, levels: int = 3, dtype: Any = None
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype)
        self.levels = int(levels)

    def run(self, x: Any, x_baseline: Any) -> Any:
        x = to_float(x, "x")
        found = self._explain(x, x_baseline, haar_domain(x, self.levels), fs=1.0)
        return self._kept(haar_levels(found, self.levels))
