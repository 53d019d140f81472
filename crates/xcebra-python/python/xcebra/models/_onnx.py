"""Networks in ONNX files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _xcebra
from .._arrays import to_float


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
