"""Files of CEBRA."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ._checkpoint import load_checkpoint


@contextlib.contextmanager
def state_dict_file(path: str, name: str | None) -> Iterator[tuple[str, str]]:
    """The tensors of a model of CEBRA in a file of safetensors, and the name of its architecture."""
    if path.endswith(".safetensors"):
        if name is None:
            raise ValueError("a file of safetensors does not say which model it is; pass model_architecture")
        yield path, name
        return
    # nothing that the file holds is run
    state, found = _parts(load_checkpoint(path), path)
    architecture = name or found
    if architecture is None:
        raise ValueError(f"{path} does not say which architecture it is; pass model_architecture")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.safetensors")
        write_safetensors(file, state)
        yield file, architecture


def _parts(saved: Any, path: str) -> tuple[dict[str, np.ndarray], str | None]:
    """The state_dict, and the name of the architecture if the file has it."""
    found = None
    if isinstance(saved, Mapping) and isinstance(saved.get("state_dict"), Mapping):
        arguments = saved.get("args")
        found = arguments.get("model_architecture") if isinstance(arguments, Mapping) else None
        saved = saved["state_dict"]
        for key in ("state_dict", "model"):
            saved = saved[key] if isinstance(saved.get(key), Mapping) else saved
    if isinstance(saved, list) and saved:
        raise ValueError(f"{path} holds {len(saved)} models, one for each session; save each one's state_dict by itself")
    if isinstance(saved, Mapping) and saved and all(isinstance(value, np.ndarray) for value in saved.values()):
        return {str(key): value for key, value in saved.items()}, found if isinstance(found, str) else None
    raise ValueError(
        f"{path} does not hold the tensors of a model of CEBRA. If it was saved with backend=\"torch\", it is a program that "
        "only cebra can run: load it there, and save it with backend=\"sklearn\""
    )


def write_safetensors(path: str, tensors: dict[str, np.ndarray]) -> None:
    """Write arrays of float32 as a file of safetensors: a length, a header of JSON, then the bytes."""
    header: dict[str, Any] = {}
    at = 0
    for key, array in tensors.items():
        size = array.size * 4
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array, dtype="<f4").tobytes())
