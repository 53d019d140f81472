"""What must work with NumPy alone: run in an environment that has nothing else."""

import importlib.util
import pickle
import sys
import time

import numpy as np

start = time.perf_counter()
import xcebra  # noqa: E402

seconds = time.perf_counter() - start
for name in ("sklearn", "torch", "pandas", "matplotlib", "tqdm"):
    assert importlib.util.find_spec(name) is None, f"{name} is installed here"
assert seconds < 0.5, f"import takes {seconds:.2f} s beyond NumPy's"

x = np.random.default_rng(0).normal(size=(500, 4))
encoder = xcebra.XCEBRA(max_iterations=20, batch_size=32, output_dimension=2).fit(x, x[:, 0])
z = encoder.transform(x)
assert z.shape == (500, 2) and np.isfinite(z).all()
assert np.array_equal(pickle.loads(pickle.dumps(encoder)).transform(x), z)
assert encoder.attribution_map(x).values.shape == (4, 2)
assert encoder.get_params()["batch_size"] == 32 and "XCEBRA(" in repr(encoder)

energy = (lambda x: (x**2).sum(1), lambda x, c: 2 * x * c[:, None])
a = xcebra.CrossDomainIG(energy, "rfft", fs=64).attribute(x[:2, :].repeat(16, axis=1))
assert np.allclose(a.values.sum(1), a.value)
assert a._repr_html_().startswith("<iframe")
print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}: import {seconds * 1000:.0f} ms beyond NumPy's, everything works")
