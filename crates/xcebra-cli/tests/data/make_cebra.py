"""Writes cebra.safetensors and cebra_sessions.safetensors, the state_dicts of models that CEBRA trained on one session
and on two, and cebra.npz with what CEBRA makes of a recording.

    python make_cebra.py

Needs cebra 0.6.1, torch 2.15.0 and safetensors 0.8.0.
"""

import pathlib

import numpy as np
import safetensors.torch
import torch
from cebra import CEBRA

folder = pathlib.Path(__file__).parent
rng = np.random.default_rng(5)
latent = np.cumsum(rng.normal(size=(80, 2)), axis=0)
x = np.tanh(0.2 * latent @ rng.normal(size=(2, 4)) + 0.1 * rng.normal(size=(80, 4))).astype(np.float32)
label = latent[:, 0].astype(np.float32)


def trained(name, x, label, architecture):
    """A model of CEBRA; its state_dict by the conversion that docs/how-to/train.md shows."""
    torch.manual_seed(0)
    model = CEBRA(
        model_architecture=architecture, batch_size=16, output_dimension=3, max_iterations=20, num_hidden_units=8, device="cpu",
        conditional="time_delta",
    )
    model.fit(x, label)
    model.save(folder / "cebra.pt", backend="sklearn")
    saved = torch.load(folder / "cebra.pt", map_location="cpu", weights_only=False)
    tensors = {key: tensor.clone() for key, tensor in saved["state_dict"]["model"].items()}
    safetensors.torch.save_file(tensors, folder / f"{name}.safetensors")
    (folder / "cebra.pt").unlink()
    return model


one = trained("cebra", x, label, "offset10-model")
sessions = [x[:40, :3], x[40:]]
two = trained("cebra_sessions", sessions, [label[:40], label[40:]], "offset1-model")
embeddings = {f"session_{k}": two.transform(part, session_id=k).astype(np.float32) for k, part in enumerate(sessions)}
np.savez(folder / "cebra.npz", x=x, embedding=one.transform(x).astype(np.float32), **embeddings)
