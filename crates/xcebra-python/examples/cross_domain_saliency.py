"""A script as the documentation of cross_domain_saliency_maps shows it; only its import is changed.

Was: ``from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG, TimeIG``. Needs torch.
"""

import numpy as np
import torch

from xcebra.compat.cross_domain_saliency_maps import FourierIG, TimeIG

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Conv1d(1, 8, 9), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 120, 2))
x = np.random.default_rng(0).normal(size=(1, 1, 128)).astype(np.float32)
baseline = np.zeros_like(x)
device = torch.device("cpu")

fourier = FourierIG(model, n_iterations=300, output_channel=0, device=device)
saliency = fourier.run(x, baseline)
time = TimeIG(model, n_iterations=300, output_channel=0, device=device)
in_time = time.run(x, baseline)

assert saliency.shape == in_time.shape == (1, 1, 128)
with torch.no_grad():
    change = float(model(torch.from_numpy(x))[0, 0] - model(torch.from_numpy(baseline))[0, 0])
assert abs(float(saliency.sum()) - change) < 0.02 * abs(change) + 1e-3
print("the same saliency in time and in frequency sums to", round(change, 4))
