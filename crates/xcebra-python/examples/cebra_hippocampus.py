"""A script as the documentation of CEBRA shows it; only its import is changed (was: ``import cebra``).

Time-contrastive, label-driven and hybrid encoders of a recording with a position.
"""

import numpy as np

from xcebra import synth
from xcebra.compat import cebra

data = synth.dataset(latents=4, samples=1500, seed=1)
neural, position = data.x, data.z2

max_iterations = 50  # the documentation takes 5000 or more

time_model = cebra.CEBRA(
    model_architecture="offset10-model",
    batch_size=128,
    learning_rate=3e-4,
    temperature=1.12,
    output_dimension=3,
    max_iterations=max_iterations,
    distance="cosine",
    conditional="time",
    device="cuda_if_available",
    verbose=False,
    time_offsets=10,
)
time_model.fit(neural)

behaviour_model = cebra.CEBRA(
    model_architecture="offset10-model",
    batch_size=128,
    learning_rate=3e-4,
    temperature=1,
    output_dimension=3,
    max_iterations=max_iterations,
    distance="cosine",
    conditional="time_delta",
    device="cuda_if_available",
    verbose=False,
    time_offsets=10,
)
behaviour_model.fit(neural, position)

hybrid_model = cebra.CEBRA(
    model_architecture="offset10-model",
    batch_size=128,
    learning_rate=3e-4,
    temperature=1,
    output_dimension=3,
    max_iterations=max_iterations,
    distance="cosine",
    conditional="time_delta",
    device="cuda_if_available",
    verbose=False,
    time_offsets=10,
    hybrid=True,
)
hybrid_model.fit(neural, position)

for model in (time_model, behaviour_model, hybrid_model):
    embedding = model.transform(neural)
    assert embedding.shape == (1500, 3)
    # the encoder normalises
    assert np.allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)
print("three encoders, as in CEBRA's documentation")
