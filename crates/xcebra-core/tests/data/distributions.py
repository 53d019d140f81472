"""Writes distributions.npz: python distributions.py, with the packages that README.md names."""

from pathlib import Path
from unittest import mock

import cebra.distributions as cd
import numpy as np
import torch

SAMPLES, DELTA, DRAWS = 150, 3, 400_000
SIGMA = 0.4
REFERENCES = [2, 40, 77, 149]

torch.manual_seed(0)
np.random.seed(0)
# a random walk whose values all differ, and classes of unlike size that have nothing to do with it
continuous = torch.cumsum(0.3 * torch.randn(SAMPLES, 2), dim=0)
discrete = torch.as_tensor(np.random.choice(3, SAMPLES, p=[0.6, 0.3, 0.1]))
out = {"continuous": continuous.numpy().astype(np.float64), "discrete": discrete.numpy()}
out["references"] = np.array(REFERENCES)


def counts(positives):
    return np.bincount(np.asarray(positives).ravel(), minlength=SAMPLES)


def enumerated(distribution):
    """How often each sample is the positive when every difference is taken once."""
    rows = []
    every = torch.arange(SAMPLES)
    for reference in REFERENCES:
        repeated = torch.full((SAMPLES,), reference)
        # the first DELTA differences of CEBRA are zeros, not differences
        with mock.patch.object(distribution, "randint", lambda *_: every, create=True):
            with mock.patch("torch.randint", lambda *_: every):
                positives = distribution.sample_conditional(repeated)
        rows.append(counts(positives[DELTA:]))
    return np.stack(rows)


def drawn(sample_conditional):
    rows = []
    for reference in REFERENCES:
        row = np.zeros(SAMPLES, dtype=np.int64)
        for _ in range(DRAWS // 10_000):
            row += counts(sample_conditional(torch.full((10_000,), reference)))
        rows.append(row)
    return np.stack(rows)


out["time_delta"] = enumerated(cd.TimedeltaDistribution(continuous, time_delta=DELTA))
out["mixed"] = enumerated(cd.MixedTimeDeltaDistribution(discrete, continuous, time_delta=DELTA))
normal = cd.DeltaNormalDistribution(continuous, delta=SIGMA)
out["delta_normal"] = drawn(normal.sample_conditional)
classes = cd.DiscreteEmpirical(discrete)
out["discrete_positives"] = drawn(lambda references: classes.sample_conditional(discrete[references]))
later = cd.TimeContrastive(continuous, time_offset=DELTA, seed=0)
out["time"] = np.stack([counts(later.sample_conditional(torch.tensor([r]))) for r in REFERENCES[:-1]])
priors = counts(later.sample_prior(100_000))
out["time_prior"] = np.array([np.flatnonzero(priors).min(), np.flatnonzero(priors).max()])
out = {k: np.ascontiguousarray(v if v.dtype == np.float64 else v.astype(np.int64)) for k, v in out.items()}
np.savez(Path(__file__).parent / "distributions.npz", **out)
