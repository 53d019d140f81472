"""Channels around the border at which scikit-learn calls one constant, with its verdict on each."""
import numpy as np
from sklearn.preprocessing import StandardScaler

EPS = np.finfo(np.float64).eps
rng = np.random.default_rng(12)
columns = []
for n_share in [0.02, 0.2, 0.5, 2, 5, 50, 1e4]:
    for mean in [1.0, -37.0, 1e5, 4096.3, 1e-6, 1e12]:
        # deviations of this many times the border n * eps * |mean|
        columns.append(mean + rng.standard_normal(60) * n_share * 60 * EPS * abs(mean))
columns.append(np.full(60, 0.1))
columns.append(np.zeros(60))
columns.append(np.where(np.arange(60) % 2, 1e5, 1e5 + 1.455e-11))
x = np.stack(columns, axis=1)
scaler = StandardScaler().fit(x)
# a channel that it takes for constant is not scaled
constant = (scaler.scale_ == 1) & (scaler.var_ != 1)
std = x.std(axis=0)
# channels too near to the border for another way of summing are left out
border = 60 * EPS * np.abs(x.mean(axis=0))
clear = (std < 0.7 * border) | (std > 1.4 * border)
np.savez_compressed("constant_channels.npz", x=x[:, clear], constant=constant[clear])
print(clear.sum(), constant[clear].sum())
