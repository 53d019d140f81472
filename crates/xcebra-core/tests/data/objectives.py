"""Writes objectives.npz: python objectives.py, with the packages that README.md names."""

from pathlib import Path

import numpy as np
import torch
from cebra.integrations.sklearn.metrics import infonce_to_goodness_of_fit
from cebra.models.criterions import LearnableCosineInfoNCE, LearnableEuclideanInfoNCE

torch.set_default_dtype(torch.float64)
here = Path(__file__).parent
rows = {k: torch.tensor(v) for k, v in np.load(here / "infonce.npz").items()}
out = {}


def put(name, value):
    out[name] = np.atleast_1d(np.ascontiguousarray(np.asarray(value, dtype=np.float64)))


# learned temperatures: above the minimum, at it, and held back by it
for kind, criterion, suffix in [
    ("euclidean", LearnableEuclideanInfoNCE, ""),
    ("cosine_unit", LearnableCosineInfoNCE, "_unit"),
]:
    for tag, temperature, minimum in [("free", 0.7, 0.1), ("held", 0.2, 0.3)]:
        loss = criterion(temperature=temperature, min_temperature=minimum).double()
        loss.log_inverse_temperature.data = -torch.log(torch.tensor(temperature))
        ref, pos, neg = (
            rows[role + suffix].clone().requires_grad_() for role in ("ref", "pos", "neg")
        )
        value, align, uniform = loss(ref, pos, neg)
        value.backward()
        name = f"{kind}_{tag}"
        put(f"{name}_loss", value.item())
        put(f"{name}_align", align.item())
        put(f"{name}_uniform", uniform.item())
        put(f"{name}_temperature", loss.temperature)
        put(f"{name}_slope", loss.log_inverse_temperature.grad.item())
        put(f"{name}_grad_ref", ref.grad.numpy())
        put(f"{name}_bits", infonce_to_goodness_of_fit(value.item(), batch_size=64, num_sessions=1))

# supervised losses of `ref` (64, 6): to `pos`, and as the logits of six classes
embedding = rows["ref"].clone().requires_grad_()
value = torch.nn.MSELoss()(embedding, rows["pos"])
value.backward()
put("mse_loss", value.item())
put("mse_grad", embedding.grad.numpy())
classes = torch.arange(64) * 7 % 6
embedding = rows["ref"].clone().requires_grad_()
value = torch.nn.CrossEntropyLoss()(embedding, classes)
value.backward()
put("cross_entropy_loss", value.item())
put("cross_entropy_grad", embedding.grad.numpy())

np.savez(here / "objectives.npz", **out)
