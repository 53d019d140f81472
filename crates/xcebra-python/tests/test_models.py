"""Models of other libraries; those that are not installed are left out."""

import pathlib

import numpy as np
import pytest

import xcebra
from conftest import Tanh

ROOT = pathlib.Path(__file__).parents[3]


def test_jax_equals_numpy(tanh, signals):
    jax = pytest.importorskip("jax")
    by_hand = xcebra.CrossDomainIG(tanh, "rfft", fs=16, rule="gauss-legendre:20").attribute(signals)
    w = tanh.weights

    def function(x):
        return jax.numpy.tanh(x.reshape(x.shape[0], -1) @ jax.numpy.asarray(w, dtype=x.dtype).T)

    model = xcebra.models.Jax(function)
    single = xcebra.CrossDomainIG(model, "rfft", fs=16, rule="gauss-legendre:20").attribute(signals)
    assert np.allclose(single.values, by_hand.values, atol=1e-6 * np.abs(by_hand.values).max())
    with jax.enable_x64(True):
        found = xcebra.CrossDomainIG(xcebra.models.Jax(function), "rfft", fs=16, rule="gauss-legendre:20").attribute(signals)
        assert np.allclose(found.values, by_hand.values, atol=1e-13)
        # a plain function and an array of JAX
        plain = xcebra.CrossDomainIG(function, "rfft", fs=16, rule="gauss-legendre:20").attribute(jax.numpy.asarray(signals))
        assert np.allclose(plain.values, by_hand.values, atol=1e-13)


def test_keras(signals):
    import os

    pytest.importorskip("jax")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((2, 16)), keras.layers.Flatten(), keras.layers.Dense(3, activation="tanh")])
    a = xcebra.CrossDomainIG(model, "rfft", fs=16).attribute(signals)
    w, b = (np.asarray(p) for p in model.get_weights())
    by_hand = Tanh()
    by_hand.weights = w.T.astype(float)
    assert not b.any()
    expected = xcebra.CrossDomainIG(by_hand, "rfft", fs=16).attribute(signals)
    assert np.allclose(a.values, expected.values, atol=1e-5 * np.abs(expected.values).max())


def test_tensorflow(signals):
    tf = pytest.importorskip("tensorflow")

    @tf.function
    def compiled(x):
        return tf.reduce_sum(tf.sin(x), axis=(1, 2))

    class Module(tf.Module):
        def __init__(self):
            self.scale = tf.Variable(1.0, dtype=tf.float64)

        def __call__(self, x):
            return tf.reduce_sum(tf.sin(self.scale * x), axis=(1, 2))

    # along the straight path from 0 the integral of cos(αx) x is sin x; 20 nodes are exact to rounding
    for model, x in ((compiled, signals), (Module(), signals.astype(np.float32)), (lambda x: compiled(x), tf.constant(signals))):
        found = xcebra.CrossDomainIG(model, rule="gauss-legendre:20").attribute(x)
        assert np.allclose(found.values, np.sin(np.asarray(x, dtype=float)), atol=1e-13)
    with pytest.raises(RuntimeError, match="carries no gradient"):
        xcebra.CrossDomainIG(tf.function(lambda x: tf.stop_gradient(x)[:, 0])).attribute(signals)


KERAS_ON_TENSORFLOW = """
import keras, numpy as np, tensorflow as tf, xcebra
assert keras.backend.backend() == "tensorflow"
for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-13)):
    keras.utils.set_random_seed(0)
    net = keras.Sequential([
        keras.Input((64, 2), dtype=dtype), keras.layers.Conv1D(4, 5, activation="gelu", dtype=dtype),
        keras.layers.BatchNormalization(dtype=dtype), keras.layers.Flatten(dtype=dtype), keras.layers.Dense(3, dtype=dtype),
    ])
    x = np.random.default_rng(0).normal(size=(5, 64, 2)).astype(dtype)
    total = 0
    for i in range(1, 51):
        point = tf.convert_to_tensor(x * i / 50)
        with tf.GradientTape() as tape:
            tape.watch(point)
            value = net(point, training=False)[:, 1]
        total = total + tape.gradient(value, point).numpy().astype(float) / 50
    for given in (x, tf.convert_to_tensor(x)):
        found = xcebra.CrossDomainIG(net, rule="right:50", time_axis=0).attribute(given, target=1)
        assert np.abs(found.values - total * x).max() < tolerance * np.abs(total * x).max(), dtype
"""


def test_keras_on_tensorflow():
    """Against the same sum by hand with tf.GradientTape. The backend is chosen when Keras is imported."""
    import os
    import subprocess
    import sys

    pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", KERAS_ON_TENSORFLOW], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_torch_is_called_as_it_stands(signals):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv1d(2, 4, 3), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(56, 3)).double()

    def by_hand(n=300):
        total = 0
        for step in range(1, n + 1):
            x = torch.tensor(signals * step / n, requires_grad=True)
            (g,) = torch.autograd.grad(net(x)[:, 1].sum(), x)
            total = total + g.numpy() / n
        z = np.fft.fft(signals)
        return (np.conj(np.fft.fft(total) / 16) * z).real

    ig = xcebra.CrossDomainIG(net, "fourier", fs=16, rule="right:300")
    found = ig.attribute(torch.tensor(signals), target=1).values
    expected = by_hand()
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()
    # parameters receive no gradients, and the caller's grad mode stays
    assert all(p.grad is None for p in net.parameters())
    with torch.no_grad():
        assert np.array_equal(ig.attribute(torch.tensor(signals), target=1).values, found)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert np.array_equal(ig.attribute(torch.tensor(signals), target=1).values, found)
    seen = []

    class Spy(torch.nn.Module):
        def forward(self, x):
            seen.append((torch.is_autocast_enabled("cpu"), x.dtype))
            return net.float()(x.float())

    with torch.autocast("cpu", torch.bfloat16):
        xcebra.CrossDomainIG(Spy(), "time", rule="right:4").attribute(torch.tensor(signals, dtype=torch.float32))
    assert all(autocast and dtype == torch.float32 for autocast, dtype in seen)
    net.double()
    function = xcebra.CrossDomainIG(lambda x: net(x)[:, 1], "fourier", fs=16, rule="right:300").attribute(torch.tensor(signals))
    assert np.array_equal(function.values, found)
    with pytest.warns(xcebra.XcebraWarning, match="training mode"):
        xcebra.CrossDomainIG(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.1), torch.nn.Linear(32, 1))).attribute(
            signals.astype(np.float32)
        )
    with pytest.raises(RuntimeError, match="carries no gradient"):
        xcebra.CrossDomainIG(lambda x: net(x).detach()).attribute(torch.tensor(signals))


def test_a_module_is_not_called_again_for_its_shape(signals):
    torch = pytest.importorskip("torch")
    calls = []

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(32, 3)

        def forward(self, x):
            calls.append(len(x))
            return self.head(x.flatten(1))

    net = Net()
    for expected in ([1, 2, 4], [2, 4]):
        calls.clear()
        xcebra.CrossDomainIG(net, rule="right:4").attribute(signals[:1], target=2)
        assert calls == expected
    # another shape of the samples, another layer, another mode
    xcebra.CrossDomainIG(net, rule="right:4").attribute(signals[:1].reshape(1, 32), target=2)
    net.head = torch.nn.Linear(32, 5)
    assert xcebra.CrossDomainIG(net, rule="right:4").attribute(signals[:1], target=4).values.shape == (1, 2, 16)
    calls.clear()
    xcebra.CrossDomainIG(net.eval(), rule="right:4").attribute(signals[:1])
    assert calls[0] == 1
    # plain attributes
    class Turned(Net):
        order = (2, 2)

        def forward(self, x):
            return self.head(x.flatten(1))[:, :4].reshape(len(x), *self.order)

    turned = Turned()
    turned.head, turned.order = torch.nn.Linear(32, 4), (2, 2)
    first = xcebra.CrossDomainIG(turned, rule="right:4").attribute(signals[:1], target=(1, 0))
    turned.order = (4, 1)
    second = xcebra.CrossDomainIG(turned, rule="right:4").attribute(signals[:1], target=(2, 0))
    assert np.array_equal(first.values, second.values)
    # a hook is asked each time
    handle = turned.register_forward_hook(lambda module, x, y: y[:, :2])
    with pytest.raises(ValueError, match="target"):
        xcebra.CrossDomainIG(turned, rule="right:4").attribute(signals[:1], target=(3, 0))
    handle.remove()
    # what cannot be seen is noticed before a number is given
    Net.forward, kept = (lambda self, x: self.head(x.flatten(1))[:, :2]), Net.forward
    try:
        with pytest.raises(ValueError, match="must have one shape"):
            xcebra.CrossDomainIG(net, rule="right:4").attribute(signals[:1], target=1)
        assert xcebra.CrossDomainIG(net, rule="right:4").attribute(signals[:1], target=1).values.shape == (1, 2, 16)
    finally:
        Net.forward = kept
    # what is selected of the output is not the module's to say
    with pytest.raises(ValueError, match="no output 4"):
        xcebra.CrossDomainIG(xcebra.models.Torch(net, output=lambda y: y[:, :2]), rule="right:4").attribute(signals[:1], target=4)


def test_onnx_files():
    path = ROOT / "crates/xcebra-onnx/tests/data"
    files = sorted(path.rglob("conv_net*.onnx"))
    if not files:
        pytest.skip("no model file")
    model = xcebra.models.Onnx(files[0])
    shape = model.load().input_shape
    x = np.random.default_rng(0).normal(size=(3, *shape))
    a = xcebra.CrossDomainIG(str(files[0]), "time").attribute(x, target=0)
    assert np.allclose(a.values.reshape(3, -1).sum(1), a.value - a.baseline_value, atol=1e-9)
    with pytest.raises(OSError, match="missing"):
        xcebra.CrossDomainIG("missing.onnx").attribute(x)


def test_scikit_learn_models(signals):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression

    flat = signals.reshape(4, -1)
    classifier = LogisticRegression().fit(flat, [0, 1, 0, 1])
    a = xcebra.CrossDomainIG(xcebra.models.BlackBox(classifier.predict_proba), "time").attribute(flat, target=1)
    assert np.allclose(a.values.sum(1), a.value - a.baseline_value, atol=1e-6)
    with pytest.raises(TypeError, match="predict_proba"):
        xcebra.CrossDomainIG(classifier).attribute(flat)


def test_wrong_gradients_are_refused(signals):
    with pytest.raises(ValueError, match="vjp returned shape"):
        xcebra.CrossDomainIG((lambda x: x.sum((1, 2)), lambda x, c: c)).attribute(signals)
    with pytest.raises(ValueError, match="first axis"):
        xcebra.CrossDomainIG((lambda x: x.sum(), lambda x, c: x)).attribute(signals)
    with pytest.raises(RuntimeError, match="not finite"):
        xcebra.CrossDomainIG((lambda x: x.sum((1, 2)), lambda x, c: x * np.nan)).attribute(signals)
