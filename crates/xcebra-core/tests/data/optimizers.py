"""Writes optimizers.npz: python optimizers.py, with the packages that README.md names."""

from pathlib import Path

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
STEPS, SIZE = 40, 9
gradients = torch.randn(STEPS, SIZE) * torch.logspace(-6, 3, SIZE)
gradients[5:9, 2] = 0.0
rates = torch.linspace(1e-2, 1e-4, STEPS)  # another one at every step, as a schedule gives it
out = {"start": torch.randn(SIZE), "gradients": gradients, "rates": rates}
for name, optimizer in [
    ("adam", lambda p: torch.optim.Adam([p], lr=1.0)),
    ("adamw", lambda p: torch.optim.AdamW([p], lr=1.0, weight_decay=0.3)),
]:
    parameter = out["start"].clone().requires_grad_()
    optimizer = optimizer(parameter)
    path = []
    for gradient, rate in zip(gradients, rates):
        optimizer.param_groups[0]["lr"] = rate.item()
        parameter.grad = gradient.clone()
        optimizer.step()
        path.append(parameter.detach().clone())
    out[name] = torch.stack(path)

# schedules of 50 steps, by PyTorch's own: down to 1 %; a rise over the first two steps, then half a cosine
schedules = torch.optim.lr_scheduler
for name, make in [
    ("linear", lambda o: schedules.LinearLR(o, start_factor=1.0, end_factor=0.01, total_iters=49)),
    ("cosine", lambda o: schedules.CosineAnnealingLR(o, T_max=49, eta_min=0.01)),
]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer)
    path = []
    for _ in range(50):
        path.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    out[name] = torch.tensor(path)
np.savez(Path(__file__).parent / "optimizers.npz", **{k: v.numpy() for k, v in out.items()})
