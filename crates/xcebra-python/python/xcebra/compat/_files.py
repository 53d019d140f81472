"""Files of CEBRA."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np


@contextlib.contextmanager
def state_dict_file(path: str, name: str | None) -> Iterator[tuple[str, str]]:
    """The tensors of a model of CEBRA in a file of safetensors, and the name of its architecture."""
    if path.endswith(".safetensors"):
        if name is None:
            raise ValueError("a file of safetensors does not say which model it is; pass model_architecture")
        yield path, name
        return
    try:
        import torch
    except ImportError:
        raise ImportError(
            f"reading {path} needs torch; without it, save the model's state_dict by safetensors.torch.save_file where "
            "torch is, and pass that file"
        ) from None
    # tensors and plain values only: nothing in the file is run
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path} is not a file that CEBRA saved with backend=\"sklearn\", or an old one that holds code. Load it with "
            "cebra there, and save model.model_.state_dict() by safetensors.torch.save_file"
        ) from error
    state, found = _parts(saved, path)
    architecture = name or found
    if architecture is None:
        raise ValueError(f"{path} does not say which architecture it is; pass model_architecture")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.safetensors")
        write_safetensors(file, {key: tensor.detach().cpu().float().numpy() for key, tensor in state.items()})
        yield file, architecture


def _parts(saved: Any, path: str) -> tuple[dict[str, Any], str | None]:
    """The state_dict, and the name of the architecture if the file has it."""
    if not isinstance(saved, dict):
        raise ValueError(f"{path} holds a {type(saved).__name__}, not a model of CEBRA")
    if "state_dict" in saved:
        solver = saved["state_dict"]
        solver = solver.get("state_dict", solver)
        model = solver.get("model", solver)
        arguments = saved.get("args", {})
        return model, arguments.get("model_architecture")
    if all(hasattr(value, "detach") for value in saved.values()):
        return saved, None
    raise ValueError(f"{path} does not hold the tensors of a model of CEBRA; it has {sorted(map(str, saved))[:5]}")


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
