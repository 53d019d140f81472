"""Domains with arguments that a name does not carry, and the class from which a domain written in Python inherits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import to_float

__all__ = ["Axis", "Basis", "Domain", "Stft"]

# the axes of results and of domains are the same class
from ._axes import Axis


class Stft:
    """A short-time Fourier transform with a given window; ``"stft:64:16"`` has a Hann window.

    Parameters
    ----------
    window : array of float, (length,)
    hop : int
        Samples between two frames.
    """

    _kind = "windowed"

    def __init__(self, window: Any, hop: int) -> None:
        self.window = to_float(window, "the window")
        self.hop = int(hop)


class Basis:
    """Mixtures along an axis of the signals, such as independent or principal components fitted elsewhere.

    With ``x_t = offset + mixing @ s_t`` at every moment, the coefficients are the sources ``s``.

    Parameters
    ----------
    mixing : array of float, (channels, components), or a fitted object
        A mixing matrix, or an object with ``mixing_`` (``sklearn.decomposition.FastICA``, ``mne`` and ``picard`` do
        alike) or ``components_`` (PCA) and ``mean_``.
    offset : array of float, (channels,), optional
    axis : int
        The axis of one signal along which it mixes, by default the first.
    names : sequence of str, optional
        Names of the components.
    """

    _kind = "mixed"

    def __init__(
        self, mixing: Any, offset: Any = None, *, axis: int = 0, names: Sequence[str] | None = None
    ) -> None:
        if hasattr(mixing, "mixing_") or hasattr(mixing, "components_"):
            fitted = mixing
            mixing = fitted.mixing_ if hasattr(fitted, "mixing_") else np.asarray(fitted.components_).T
            if offset is None and getattr(fitted, "mean_", None) is not None:
                offset = fitted.mean_
        self.mixing = to_float(mixing, "the mixing matrix")
        if self.mixing.ndim != 2:
            raise ValueError(f"the mixing matrix has shape {self.mixing.shape}; pass (channels, components)")
        self.offset = np.zeros(self.mixing.shape[0]) if offset is None else to_float(offset, "the offset").reshape(-1)
        self.axis = int(axis)
        self.names = None if names is None else [str(name) for name in names]


class Domain:
    """A domain written in Python.

    Set the shapes, and write `forward` and `inverse`; write `inverse_vjp`, too, unless the inverse is affine and the
    coefficients are few. `check_domain` tests whether they belong together.

    Attributes
    ----------
    name : str
    signal_shape, coefficient_shape : tuple of int
        Shapes of one signal and of its coefficients.
    is_real : bool
        Whether coefficients are real numbers.
    has_affine_inverse : bool
        Whether the derivative of `inverse` is the same everywhere. The straight path is then one in the signals.
    is_exact : bool
        Whether ``inverse(forward(x))`` is ``x`` for every signal.
    axes : list of Axis
        What the axes of the coefficients are, by default counted.

    Examples
    --------
    The Haar transform of pairs of samples:

    >>> import numpy as np, xcebra
    >>> class Pairs(xcebra.domains.Domain):
    ...     name, is_real, has_affine_inverse = "pairs", True, True
    ...     signal_shape, coefficient_shape = (8,), (2, 4)
    ...     axes = [xcebra.domains.Axis("part", names=["sum", "difference"]), xcebra.domains.Axis("time")]
    ...     def forward(self, x):
    ...         a, b = x[:, ::2], x[:, 1::2]
    ...         return np.stack([a + b, a - b], axis=1) / 2
    ...     def inverse(self, z):
    ...         z = z.real
    ...         return np.stack([z[:, 0] + z[:, 1], z[:, 0] - z[:, 1]], axis=2).reshape(len(z), 8)
    >>> mean = xcebra.models.Callables(lambda x: x.mean(1), lambda x, c: np.repeat(c[:, None] / 8, 8, axis=1))
    >>> a = xcebra.CrossDomainIG(mean, domain=Pairs()).attribute(np.arange(8.0)[None])
    >>> a.sum("time").values.round(6).tolist()  # differences do not change the mean
    [[3.5, 0.0]]
    """

    _kind = "own"

    name: str = "own"
    signal_shape: tuple[int, ...]
    coefficient_shape: tuple[int, ...]
    is_real: bool = False
    has_affine_inverse: bool = False
    is_exact: bool = True
    axes: Sequence[Axis] = ()

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Coefficients ``(n, …coefficient_shape)`` of signals ``(n, …signal_shape)``."""
        raise NotImplementedError

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """Signals ``(n, …signal_shape)`` of complex coefficients ``(n, …coefficient_shape)``."""
        raise NotImplementedError

    def inverse_vjp(self, z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """Adjoint of the derivative of `inverse` at `z`, of cotangents ``(n, …signal_shape)``.

        Entry ``k`` is ``∂/∂a_k + i ∂/∂b_k`` of ``sum(cotangent * inverse(a + ib))``. The default differentiates an
        affine inverse by its values at the unit vectors.
        """
        if not self.has_affine_inverse:
            raise NotImplementedError(
                f"{type(self).__name__} needs a method inverse_vjp, because its inverse is not affine"
            )
        columns = self._columns()
        found = np.tensordot(cotangent.reshape(len(z), -1), columns, axes=(1, 1))
        return found.reshape(len(z), *self.coefficient_shape)

    def _columns(self) -> np.ndarray:
        """The inverse as a matrix (coefficients, samples), the parts of complex coefficients as one complex number."""
        if not hasattr(self, "_columns_kept"):
            count = int(np.prod(self.coefficient_shape))
            unit = np.eye(count, dtype=complex).reshape(count, *self.coefficient_shape)
            rest = np.asarray(self.inverse(np.zeros_like(unit[:1])))
            columns = (np.asarray(self.inverse(unit)) - rest).astype(complex)
            if not self.is_real:
                columns = columns + 1j * (np.asarray(self.inverse(1j * unit)) - rest)
            self._columns_kept = columns.reshape(count, -1)
        return self._columns_kept

    def _forward(self, x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.forward(x), dtype=np.complex128)

    def _inverse(self, z: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.inverse(z), dtype=np.float64)

    def _inverse_vjp(self, z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.inverse_vjp(z, cotangent), dtype=np.complex128)
