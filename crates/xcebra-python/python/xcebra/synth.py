"""Generated recordings with a known answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _xcebra

__all__ = ["Dataset", "dataset"]


@dataclass
class Dataset:
    """A recording whose true map is known.

    Attributes
    ----------
    x : ndarray of float32, (samples, channels)
        The recording.
    z : ndarray of float32, (samples, latents)
        The latents that made it; `z1` and `z2` are their first and second group.
    map : ndarray of bool, (channels, latents)
        Whether a channel depends on a latent.
    """

    x: np.ndarray
    z: np.ndarray
    z1: np.ndarray
    z2: np.ndarray
    map: np.ndarray


def dataset(latents: int = 6, samples: int = 20000, *, seed: int = 0, noise: float = 0.0) -> Dataset:
    """The generated data of the xCEBRA paper: two groups of latents mixed into 50 channels.

    The first group drives all channels, the second one half of them.

    Parameters
    ----------
    latents : int
    samples : int
    seed : int
    noise : float
        Standard deviation of Gaussian noise on each channel.

    Examples
    --------
    >>> import xcebra
    >>> xcebra.synth.dataset(samples=100).x.shape
    (100, 50)
    """
    return Dataset(**_xcebra.generate(int(latents), int(samples), int(seed), float(noise)))
