"""Models of several inputs, groups of signals, and what an ONNX file leaves open."""

import pathlib
from types import SimpleNamespace

import numpy as np
import pytest

import xcebra

DATA = pathlib.Path(__file__).parents[2] / "xcebra-cli/tests/data"


@pytest.fixture
def both():
    """Three signals of two channels, and four covariates of each."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(3, 2, 8)), rng.normal(size=(3, 4))


def check_product(found, x, c):
    """y = (sum of x)(sum of c): from zero, each input has half of it; in the spectrum, all of x is at 0 Hz."""
    spectrum, others = found
    assert spectrum.values.shape == (3, 2, 5) and others.values.shape == (3, 4)
    sums = x.sum(axis=(1, 2)), c.sum(axis=1)
    expected = x.sum(axis=2) * sums[1][:, None] / 2
    # single precision of torch and jax
    assert np.allclose(spectrum.values[:, :, 0], expected, atol=1e-5)
    assert np.allclose(spectrum.values[:, :, 1:], 0, atol=1e-5)
    assert np.allclose(others.values, c * sums[0][:, None] / 2, atol=1e-5)
    total = spectrum.values.sum(axis=(1, 2)) + others.values.sum(axis=1)
    assert np.allclose(total, spectrum.value - spectrum.baseline_value, atol=1e-5)
    assert spectrum.axes["frequency"].labels[1] == "1 Hz"


def product(x, c):
    return x.sum((1, 2)) * c.sum(1)


def gradients(x, c, cotangent):
    a, b = x.sum(axis=(1, 2)) * cotangent, c.sum(axis=1) * cotangent
    return np.broadcast_to(b[:, None, None], x.shape), np.broadcast_to(a[:, None], c.shape)


SETTINGS = {"domain": ("rfft", "time"), "fs": (8, None), "rule": "midpoint:4"}


def test_functions_of_several_inputs(both):
    x, c = both
    check_product(xcebra.CrossDomainIG((product, gradients), **SETTINGS).attribute(both), x, c)
    check_product(xcebra.CrossDomainIG(xcebra.models.BlackBox(product), **SETTINGS).attribute(both), x, c)
    # a baseline of each input: nothing changes in the second
    first, second = xcebra.CrossDomainIG((product, gradients), **SETTINGS).attribute(both, (None, c))
    assert np.allclose(second.values, 0) and np.allclose(first.values[:, :, 0], x.sum(axis=2) * c.sum(axis=1)[:, None])


def test_baselines_of_several_inputs_are_as_those_of_one(both):
    x, c = both
    ig = xcebra.CrossDomainIG((product, gradients), **SETTINGS)
    # from its mean over time the sum of an input does not change
    first, second = ig.attribute(both, (None, "mean"))
    assert np.allclose(first.values[:, :, 0], x.sum(axis=2) * c.sum(axis=1)[:, None])
    assert np.allclose(second.values, (c - c.mean(axis=1, keepdims=True)) * x.sum(axis=(1, 2))[:, None] / 2)
    first, second = ig.attribute(both, "mean")
    assert np.allclose(first.value, first.baseline_value)
    # time is the first axis of these channels
    turned = xcebra.CrossDomainIG((product, gradients), ("time", "time"), time_axis=(0, 0), rule="midpoint:4")
    first, _ = turned.attribute(both, ("mean", "zero"))
    expected = x - x.mean(axis=1, keepdims=True)
    assert np.allclose(first.values, expected * c.sum(axis=1)[:, None, None] / 2)
    with pytest.raises(ValueError, match="baseline 1 is 'median'"):
        ig.attribute(both, (None, "median"))


class Labelled:
    """An array with a coordinate of times and one of channels, as xarray has them."""

    dims = ("trial", "channel", "time")

    def __init__(self, values, rate):
        self.values = values
        times = SimpleNamespace(values=np.arange(values.shape[2]) / rate)
        self.coords = {"time": times, "channel": SimpleNamespace(values=["C3", "C4"])}


def test_what_containers_say_of_an_input_is_used(both):
    x, c = both
    labelled = (Labelled(x, 8.0), c)
    ig = xcebra.CrossDomainIG((product, gradients), ("rfft", "time"), rule="midpoint:4")
    found = ig.attribute(labelled)
    check_product(found, x, c)
    assert found[0].fs == 8 and found[1].fs is None
    assert found[0].axes["channel"].labels == ["C3", "C4"]
    told = xcebra.CrossDomainIG((product, gradients), ("rfft", "time"), channels=(["left", "right"], None))
    assert told.attribute(labelled)[0].axes["channel"].labels == ["left", "right"]
    named = xcebra.CrossDomainIG((product, gradients), ("time", "time"), channels=["left", "right"])
    assert named.attribute(both)[0].axes["channel"].labels == ["left", "right"]
    with pytest.raises(ValueError, match="fs of input 0 is 9.0, but it says that it has 8"):
        xcebra.CrossDomainIG((product, gradients), ("rfft", "time"), fs=(9.0, None)).attribute(labelled)


def test_units_of_several_inputs_need_a_rate(both):
    settings = {"domain": ("rfft", "time"), "frequency_unit": "bpm", "rule": "midpoint:4"}
    found = xcebra.CrossDomainIG((product, gradients), fs=(8, None), **settings).attribute(both)
    assert found[0].axes["frequency"].labels[1] == "60 bpm"
    with pytest.raises(ValueError, match="frequency_unit is 'bpm', which needs a sampling rate"):
        xcebra.CrossDomainIG((product, gradients), **settings).attribute(both)


def test_a_network_may_be_given_its_samples_in_other_parts():
    torch = pytest.importorskip("torch")

    class Scaled(torch.nn.Module):
        def forward(self, x, c):
            return x * c.sum(1, keepdim=True)

    net = Scaled()
    rng = np.random.default_rng(5)
    for width in (2, 4):
        x, c = rng.normal(size=(3, width)), rng.normal(size=(3, 6 - width))
        found, _ = xcebra.CrossDomainIG(net, ("time", "time"), rule="midpoint:2").attribute((x, c))
        assert found.values.shape == (3, width, width)
        own = found.values[:, np.arange(width), np.arange(width)]
        assert np.allclose(own, x * c.sum(axis=1, keepdims=True) / 2, atol=1e-6)


def test_tensorflow_takes_tuples(both):
    tf = pytest.importorskip("tensorflow")

    def of_tensors(x, c):
        return tf.reduce_sum(x, (1, 2)) * tf.reduce_sum(c, 1)

    check_product(xcebra.CrossDomainIG(xcebra.models.TensorFlow(of_tensors), **SETTINGS).attribute(both), *both)
    tensors = tuple(map(tf.constant, both))
    check_product(xcebra.CrossDomainIG(of_tensors, **SETTINGS).attribute(tensors), *both)


def test_torch_takes_tuples(both):
    torch = pytest.importorskip("torch")
    captum = pytest.importorskip("captum.attr")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.a, self.b = torch.nn.Linear(16, 5), torch.nn.Linear(4, 5)

        def forward(self, x, c):
            return torch.tanh(self.a(x.flatten(1)) * self.b(c))

    net = Net().double().eval()
    tensors = tuple(torch.from_numpy(one) for one in both)
    found = xcebra.CrossDomainIG(net, ("time", "time"), rule="midpoint:40").attribute(tensors, target=2)
    theirs = captum.IntegratedGradients(net).attribute(tensors, target=2, n_steps=40, method="riemann_middle")
    for ours, other in zip(found, theirs):
        assert np.allclose(ours.values, other.numpy(), atol=1e-12)
    check_product(xcebra.CrossDomainIG(xcebra.models.Torch(product), **SETTINGS).attribute(tensors), *both)


def test_jax_takes_tuples(both):
    pytest.importorskip("jax")
    check_product(xcebra.CrossDomainIG(xcebra.models.Jax(product), **SETTINGS).attribute(both), *both)


def test_keras_takes_tuples(both):
    import os

    pytest.importorskip("jax")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    x, c = keras.Input((2, 8)), keras.Input((4,))
    y = keras.ops.sum(x, axis=(1, 2)) * keras.ops.sum(c, axis=1)
    model = keras.Model([x, c], keras.ops.expand_dims(y, 1))
    check_product(xcebra.CrossDomainIG(model, **SETTINGS).attribute(both, target=0), *both)


def test_onnx_takes_tuples(both):
    model = xcebra.models.Onnx(DATA / "two.onnx", input=["x", "c"], output="y")
    check_product(xcebra.CrossDomainIG(model, **SETTINGS).attribute(both, target=0), *both)
    single = xcebra.models.Onnx(DATA / "two.onnx", input=["x", "c"], output="y", precision="single")
    check_product(xcebra.CrossDomainIG(single, **SETTINGS).attribute(both, target=0), *both)
    with pytest.raises(ValueError, match="input="):
        xcebra.CrossDomainIG(str(DATA / "two.onnx"), **SETTINGS).attribute(both)


def test_open_lengths_and_detached_nodes():
    x = np.arange(12.0).reshape(1, 1, 12)
    found = xcebra.CrossDomainIG(str(DATA / "free.onnx"), rule="midpoint:2").attribute(x, target=0)
    assert np.allclose(found.values, x**2)
    cut = xcebra.models.Onnx(DATA / "free.onnx", detach=["squares"])
    found = xcebra.CrossDomainIG(cut, rule="midpoint:2").attribute(x, target=0)
    assert np.all(found.values == 0) and np.allclose(found.residual, found.value)


def test_groups_of_signals(both):
    x, _ = both
    found = xcebra.CrossDomainIG(xcebra.models.BlackBox(lambda x: x.sum(axis=2)), rule="midpoint:2").attribute(x)
    groups = found.by_label(["b", "a", "b"])
    assert list(groups) == ["a", "b"] and groups["b"]["signals"] == 2
    own = found.values[[0, 2]]
    assert np.array_equal(groups["b"]["mean"], own.mean(axis=0))
    assert np.array_equal(groups["b"]["mean_absolute"], np.abs(own).mean(axis=0))
    assert np.array_equal(groups["b"]["standard_deviation"], own.std(axis=0))
    with pytest.raises(ValueError, match="one for each of the 3"):
        found.by_label([1, 2])


def test_tuples_that_do_not_fit(both):
    x, c = both
    ig = xcebra.CrossDomainIG((product, gradients), ("time", "time"))
    for arrays, message in [
        ((x,), "model of one input"),
        ((x, c[:2]), "3 signals and input 1 has 2"),
        ((x, np.full_like(c, np.nan)), "input 1 holds NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            ig.attribute(arrays)
    with pytest.raises(ValueError, match="tuple of 2"):
        ig.attribute(both, 0.5)
    with pytest.raises(ValueError, match="domain is a tuple of 3"):
        xcebra.CrossDomainIG((product, gradients), ("time",) * 3).attribute(both)
    with pytest.raises(ValueError, match="pass x as a tuple"):
        xcebra.CrossDomainIG((product, gradients), fs=(8, None)).attribute(x)
    with pytest.raises(ValueError, match="channels is a tuple of lists"):
        xcebra.CrossDomainIG((product, gradients), channels=(["a", "b"], None)).attribute(x)
