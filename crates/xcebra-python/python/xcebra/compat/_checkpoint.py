"""Files of ``torch.save``, read without torch and without running anything that they hold.

Such a file is a zip archive of a pickle and of the numbers of its tensors. A pickle names functions and classes that it
wants called. Here those of tensors are replaced by our own, and all others by a class that does nothing: whatever a file
names, nothing of it is imported or run.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

#: The types of numbers in tensors.
_STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1", "BoolStorage": "?",
}


class Inert:
    """Stands for an object of a class that is not loaded."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Pickles of lists do this."""

    def extend(self, values: Any) -> None:
        """Pickles of lists do this."""


class _Reader(pickle.Unpickler):
    """Reads the pickle of an archive."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(_member(archive, f"{folder}data.pkl")))
        self.archive = archive
        self.folder = folder

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        return _known().get((module, name), type("Inert", (Inert,), {}))

    def persistent_load(self, pid: Any) -> np.ndarray:
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, str):
            raise ValueError(f"it holds {key!r} of a type of numbers that is not read")
        return np.frombuffer(_member(self.archive, f"{self.folder}data/{key}"), dtype=dtype)


def _known() -> dict[tuple[str, str], Callable[..., Any]]:
    """What a pickle of tensors calls. New functions for each file: a pickle can change attributes of what it gets."""

    def tensor(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> np.ndarray:
        size, stride = tuple(size), tuple(stride)
        inside = len(size) == len(stride) and offset >= 0 and min((*size, *stride), default=0) >= 0
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=False))
        if not inside or math.prod(size) > len(storage) or (math.prod(size) > 0 and last >= len(storage)):
            raise ValueError(f"a tensor of shape {size} does not fit into its {len(storage)} numbers")
        strides = [step * storage.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(storage[offset:], size, strides).copy()

    def parameter(data: np.ndarray, *_: Any) -> np.ndarray:
        return data

    return {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch._utils", "_rebuild_parameter"): parameter,
        ("torch.torch_version", "TorchVersion"): str,
    }


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"its part {name} is compressed, which torch does not do")
    return archive.read(info)


def load_checkpoint(path: str) -> Any:
    """What the file holds: tensors as arrays, plain values, and `Inert` for everything else.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not a file of ``torch.save``, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise ValueError("it is a zip archive of something else")
            folder = pickles[0].removesuffix("data.pkl")
            order = f"{folder}byteorder"
            if order in archive.namelist() and _member(archive, order) != b"little":
                raise ValueError("its numbers are in big-endian order")
            return _Reader(archive, folder).load()
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise ValueError(f"{path} is not a file that torch.save wrote, or it is damaged: {error}") from error
