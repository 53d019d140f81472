"""Writes models as CEBRA saves them, and what CEBRA makes of a recording with them.

    python make_cebra.py

Needs cebra 0.6.1 and torch 2.15.0.
"""

import pathlib

import numpy as np
import torch
from cebra import CEBRA

folder = pathlib.Path(__file__).parent
rng = np.random.default_rng(0)
x = rng.normal(size=(60, 5)).astype(np.float32)
label = rng.normal(size=60).astype(np.float32)
expected = {"x": x}
for name, architecture in (("one", "offset1-model"), ("ten", "offset10-model")):
    torch.manual_seed(0)
    model = CEBRA(
        model_architecture=architecture, batch_size=16, output_dimension=3, max_iterations=5, num_hidden_units=8, device="cpu",
        conditional=None if name == "one" else "time_delta",
    )
    model.fit(x) if name == "one" else model.fit(x, label)
    model.save(folder / f"cebra_{name}.pt", backend="sklearn")
    expected[name] = model.transform(x).astype(np.float32)
torch.manual_seed(0)
whole = CEBRA(model_architecture="offset1-model", batch_size=16, output_dimension=3, max_iterations=1, num_hidden_units=8, device="cpu")
whole.fit(x)
whole.save(folder / "cebra_pickled.pt", backend="torch")
np.savez(folder / "cebra.npz", **expected)

# two sessions, which CEBRA keeps in one file
torch.manual_seed(0)
parts = [x[:30, :3], x[30:]]
model = CEBRA(
    model_architecture="offset1-model", batch_size=16, output_dimension=3, max_iterations=5, num_hidden_units=8, device="cpu",
    conditional="time_delta",
)
model.fit(parts, [label[:30], label[30:]])
model.save(folder / "cebra_sessions.pt", backend="sklearn")
embeddings = {f"session_{k}": model.transform(part, session_id=k).astype(np.float32) for k, part in enumerate(parts)}
np.savez(folder / "cebra_sessions.npz", **embeddings)
