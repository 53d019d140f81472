"""Several signals whose evaluations go through a model together."""

import numpy as np
import pytest

import xcebra
from conftest import Tanh

MANY = np.random.default_rng(7).normal(size=(40, 2, 16)) * np.linspace(0.1, 4, 40)[:, None, None]


class Counting(Tanh):
    """Keeps the size of each call."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.values, self.gradients = [], []

    def forward(self, x):
        self.values.append(len(x))
        return super().forward(x)

    def vjp(self, x, cotangent):
        self.gradients.append(len(x))
        return ((cotangent * (1 - super().forward(x) ** 2)) @ self.weights).reshape(x.shape)


def test_calls_are_filled_across_signals():
    model = Counting()
    ig = xcebra.CrossDomainIG(model, "rfft", fs=16, rule="gauss-legendre:50", batch_size=100)
    ig.attribute(MANY[:16], target=0)
    # both ends of 16 paths, and 16 × 50 gradients
    assert model.values == [32]
    assert model.gradients == [100] * 8
    model.gradients.clear()
    ig.attribute(MANY[:1], target=0)
    assert model.gradients == [50]
    model.gradients.clear()
    # points that fill a call by themselves are not cut anew; what is left of them is joined
    xcebra.CrossDomainIG(model, rule="right:120", batch_size=100).attribute(MANY[:3], target=0)
    assert model.gradients == [100, 100, 100, 60]
    model.gradients.clear()
    # by default 64 points of one signal, and up to 256 of several
    xcebra.CrossDomainIG(model, rule="gauss-legendre:50").attribute(MANY[:16], target=0)
    xcebra.CrossDomainIG(model, rule="gauss-legendre:100").attribute(MANY[:1], target=0)
    assert model.gradients == [256, 256, 256, 32, 64, 36]
    model.gradients.clear()
    # fewer if they are long
    long = Counting(shape=(4, 1024))
    xcebra.CrossDomainIG(long, rule="gauss-legendre:50").attribute(np.ones((3, 4, 1024)), target=0)
    assert long.gradients == [64, 64, 22]


@pytest.mark.parametrize("rule", ["gauss-legendre:20", "adaptive"])
def test_joined_signals_equal_single_ones(rule):
    impulse = np.zeros((2, 16))
    impulse[:, 0] = 1
    for domain in ("rfft", "cepstrum", "stft:8:4"):
        ig = xcebra.CrossDomainIG(Tanh(), domain, fs=16, rule=rule)
        together = ig.attribute(MANY, impulse, target=[i % 3 for i in range(40)])
        for i in range(0, 40, 3):
            alone = ig.attribute(MANY[i : i + 1], impulse, target=i % 3)
            # sums of another order inside the model; the adaptive rule may place points by what they round to
            tolerance = 1e-12 if rule != "adaptive" else 1e-6
            scale = np.abs(alone.values).max()
            assert np.abs(together.values[i] - alone.values[0]).max() < tolerance * scale, (domain, i)
            assert np.isclose(together.value[i], alone.value[0], rtol=1e-12)


class Uneven(Tanh):
    """Rounds each sample differently by its place in the batch and the batch's size, as fast libraries do."""

    def value_and_vjp(self, x, cotangent):
        value, gradient = super().value_and_vjp(x, cotangent)
        off = 1 + 1e-9 * (np.arange(len(x)) + len(x))
        return value, gradient * off[:, None, None]


@pytest.mark.parametrize("rule", ["gauss-legendre:20", "adaptive:1e-3"])
def test_which_evaluations_meet_does_not_depend_on_threads(rule):
    ig = xcebra.CrossDomainIG(Uneven(), "stft:8:4", fs=16, rule=rule)
    first = ig.attribute(MANY, n_threads=1)
    for threads in (1, 2, 5, 16):
        assert np.array_equal(ig.attribute(MANY, n_threads=threads).values, first.values)


def test_the_first_signal_that_fails_is_told():
    class Broken(Tanh):
        def value_and_vjp(self, x, cotangent):
            value, gradient = super().value_and_vjp(x, cotangent)
            gradient[np.abs(x).max((1, 2)) > 6] = np.nan
            return value, gradient

    assert 6 < np.abs(MANY[30:]).max() and np.abs(MANY[:10]).max() < 6
    ig = xcebra.CrossDomainIG(Broken(), rule="right:8")
    assert np.isfinite(ig.attribute(MANY[:10]).values).all()
    told = set()
    for threads in (1, 4):
        with pytest.raises(RuntimeError, match="not finite") as caught:
            ig.attribute(MANY, n_threads=threads)
        told.add(str(caught.value))
    assert len(told) == 1


def test_values_alone_are_joined_too():
    calls = []

    def function(x):
        calls.append(len(x))
        return np.sin(x).sum(1)

    x = np.random.default_rng(0).normal(size=(12, 8))
    found = xcebra.CrossDomainIG(xcebra.models.BlackBox(function), rule="gauss-legendre:20").attribute(x)
    # along the straight path from 0 the integral of cos(αx) x is sin x; differences are good to 1e-10
    assert np.allclose(found.values, np.sin(x), atol=1e-8)
    # both ends of all paths
    assert calls[:2] == [1, 24]
    ranked = xcebra.rank_domains(function, x, ["time", "rfft"])
    alone = xcebra.rank_domains(function, x[:1], ["time", "rfft"])
    assert {one.domain for one in ranked} == {one.domain for one in alone} == {"time", "rfft"}


def test_gradients_alone_do_not_ask_for_values():
    calls = []
    model = xcebra.models.Callables(lambda x: calls.append("value") or x.sum(1), lambda x, c: calls.append("vjp") or np.repeat(c[:, None], 4, 1))
    xcebra.CrossDomainIG(model, rule="right:3").attribute(np.ones((1, 4)))
    # the first is to see the outputs, the second the ends of the path
    assert calls == ["value", "value", "vjp"]


def test_a_model_may_explain_inside_on_one_thread():
    class Nested(Tanh):
        def forward(self, x):
            xcebra.CrossDomainIG(Tanh(), "rfft", fs=16).attribute(MANY[:2], n_threads=1)
            return super().forward(x)

    found = xcebra.CrossDomainIG(Nested(), rule="right:3").attribute(MANY[:4], n_threads=1)
    plain = xcebra.CrossDomainIG(Tanh(), rule="right:3").attribute(MANY[:4], n_threads=1)
    assert np.array_equal(found.values, plain.values)
