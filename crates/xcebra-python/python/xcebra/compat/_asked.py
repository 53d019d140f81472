"""What the classes of ``cross_domain_saliency_maps`` have in common."""

from __future__ import annotations

from typing import Any

import numpy as np


class Asked:
    """A model, what is asked of it, and what `run` gave last."""

    def __init__(self, model: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None) -> None:
        self.model = model
        self.n_iterations = int(n_iterations)
        self.output_channel = int(output_channel)
        self.device = device
        self.dtype = dtype
        self.multiIG: Any = None

    def _type(self) -> Any:
        """The type that the model is called with, and that of the answer."""
        import torch

        return self.dtype or torch.float32

    def _tensor(self, values: np.ndarray) -> Any:
        import torch

        found = torch.from_numpy(np.ascontiguousarray(values)).to(dtype=self._type())
        return found if self.device is None else found.to(self.device)

    def getMultiIG(self) -> Any:  # noqa: N802
        """What `run` gave last."""
        return self.multiIG


class OfStft(Asked):
    """In a short-time Fourier transform as torch computes it."""

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


class OfComponents(Asked):
    """By independent components."""

    def __init__(
        self, model: Any, ica: Any, n_iterations: int, output_channel: int, device: Any = None, dtype: Any = None, **more: Any
    ) -> None:
        super().__init__(model, n_iterations, output_channel, device, dtype, **more)
        self.ica = ica
