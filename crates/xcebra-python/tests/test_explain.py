"""Cross-domain integrated gradients: against closed forms, sums, and the same sum by hand."""

import pickle
import threading
import time
import warnings

import numpy as np
import pytest

import xcebra
from conftest import Tanh, wave

DOMAINS = [
    "time", "fourier", "rfft", "dct", "stft:8:4", "wavelet:haar:2", "packets:haar:2", "filter-bank:2:4",
    "seasonal-trend:4", "pca", "pca+rfft", "analytic",
]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("rule", ["adaptive", "gauss-legendre:64"])
def test_attributions_add_up_in_every_domain(tanh, signals, domain, rule):
    baselines = "mean" if domain == "analytic" else None
    signals = signals + 3.0 if domain == "analytic" else signals
    a = xcebra.CrossDomainIG(tanh, domain, fs=16, rule=rule).attribute(signals, baselines)
    assert a.values.shape[:2] == (4, 3)
    total = a.values.reshape(4, 3, -1).sum(-1)
    # 1e-6: what 64 nodes leave on a smooth model; the adaptive rule is complete
    assert np.allclose(total, a.value - a.baseline_value, atol=1e-6)
    assert np.allclose(a.value, tanh.forward(signals), atol=1e-12)
    assert np.allclose(a.convergence_delta, total - (a.value - a.baseline_value), atol=1e-12)


def test_a_quadratic_form_has_a_closed_form(signals):
    # f(x) = Σ x²: in the orthonormal DCT the attribution of a coefficient is its square
    energy = xcebra.models.Callables(lambda x: (x**2).sum((1, 2)), lambda x, c: 2 * x * c[:, None, None])
    a = xcebra.CrossDomainIG(energy, "dct", fs=16).attribute(signals)
    assert np.allclose(a.values, np.abs(a.coefficients) ** 2, rtol=1e-12)
    # in time that of a sample is its square; against another baseline, x² − b²
    b = np.ones((2, 16))
    t = xcebra.CrossDomainIG(energy, "time").attribute(signals, b)
    assert np.allclose(t.values, signals**2 - 1, atol=1e-12)


def test_the_right_sum_is_the_one_by_hand(tanh, signals):
    n, k = 300, 1
    a = xcebra.CrossDomainIG(tanh, "fourier", fs=16, rule=f"right:{n}").attribute(signals, target=k)
    z = np.fft.fft(signals, axis=-1)
    cotangent = np.zeros((4, 3))
    cotangent[:, k] = 1
    total = np.zeros_like(z)
    for step in range(1, n + 1):
        gradient = tanh.value_and_vjp(signals * step / n, cotangent)[1]
        # the adjoint of the inverse transform
        total += np.fft.fft(gradient, axis=-1) / 16
    by_hand = (np.conj(total / n) * z).real
    assert np.abs(a.values - by_hand).max() < 1e-13 * np.abs(by_hand).max() * n


def test_targets(tanh, signals):
    ig = xcebra.CrossDomainIG(tanh, "rfft", fs=16, rule="gauss-legendre:20")
    whole = ig.attribute(signals)
    assert whole.dims == ("signal", "output", "channel", "frequency")
    assert np.allclose(ig.attribute(signals, target=2).values, whole.values[:, 2])
    assert np.allclose(ig.attribute(signals, target=-1).values, whole.values[:, 2])
    each = ig.attribute(signals, target=[0, 2, 1, 0]).values
    assert np.allclose(each, whole.values[np.arange(4), [0, 2, 1, 0]])
    turned = signals * np.array([1, -1, 2, -2])[:, None, None]
    largest = tanh.forward(turned).argmax(axis=1)
    assert len(set(largest.tolist())) > 1
    predicted = ig.attribute(turned, target="predicted")
    assert np.allclose(predicted.values, ig.attribute(turned).values[np.arange(4), largest])
    assert [one[0] for one in predicted.outputs] == largest.tolist()
    difference = ig.attribute(signals, target={2: 1.0, 0: -1.0})
    assert np.allclose(difference.values, whole.values[:, 2] - whole.values[:, 0])
    for wrong in (3, -4, 1.5, [0, 1], {}, (0, 0), True, "a"):
        with pytest.raises(ValueError, match="target|output"):
            ig.attribute(signals, target=wrong)


def test_an_output_of_several_axes():
    w = np.random.default_rng(0).normal(size=(2, 3, 8))
    model = (lambda x: np.einsum("ijt,nt->nij", w, x), lambda x, c: np.einsum("nij,ijt->nt", c, w))
    x = np.random.default_rng(1).normal(size=(2, 8))
    a = xcebra.CrossDomainIG(model).attribute(x, target=(1, 2))
    assert np.allclose(a.values, w[1, 2] * x)
    with pytest.raises(ValueError, match="outside"):
        xcebra.CrossDomainIG(model).attribute(x, target=(2, 0))
    with pytest.raises(ValueError, match="nothing to choose"):
        one = (lambda x: x.sum(axis=1, keepdims=True), lambda x, c: np.broadcast_to(c, x.shape))
        xcebra.CrossDomainIG(one).attribute(x, target="predicted")


def test_baselines(tanh, signals):
    ig = xcebra.CrossDomainIG(tanh, "time", rule="gauss-legendre:30")
    given = np.random.default_rng(5).normal(size=signals.shape)
    each = ig.attribute(signals, given, target=0)
    for i in range(4):
        alone = ig.attribute(signals[i : i + 1], given[i], target=0)
        assert np.allclose(each.values[i], alone.values[0], atol=1e-14)
    assert np.allclose(ig.attribute(signals, 0.0).values, ig.attribute(signals).values)
    mean = ig.attribute(signals, "mean", target=0)
    assert np.allclose(mean.baseline_value, tanh.forward(np.repeat(signals.mean(-1, keepdims=True), 16, -1))[:, 0])
    expected = ig.attribute(signals[:1], given, target=0, expected=True)
    by_hand = [ig.attribute(signals[:1], b, target=0).values[0] for b in given]
    assert np.allclose(expected.values[0], np.mean(by_hand, axis=0), atol=1e-14)
    assert np.allclose(expected.standard_error[0], np.std(by_hand, axis=0, ddof=1) / 2, atol=1e-14)
    for wrong in (np.ones((3, 2, 16)), np.ones(5), "nothing", np.full((2, 16), np.nan)):
        with pytest.raises(ValueError):
            ig.attribute(signals, wrong)


def test_inputs_of_any_kind_give_the_same_bits(tanh, signals):
    ig = xcebra.CrossDomainIG(tanh, "rfft", fs=16)
    plain = ig.attribute(signals).values
    readonly = signals.copy()
    readonly.setflags(write=False)
    strided = np.repeat(signals, 2, axis=2)[:, :, ::2]
    for other in (np.asfortranarray(signals), strided, readonly, signals.astype(">f8"), signals.tolist()):
        assert np.array_equal(ig.attribute(other).values, plain)
    single = signals.astype(np.float32)
    assert np.array_equal(ig.attribute(single).values, ig.attribute(single.astype(np.float64)).values)


def test_bad_input_is_refused_before_the_model_is_called(tanh, signals):
    ig = xcebra.CrossDomainIG(tanh, "rfft", fs=16)
    nan = signals.copy()
    nan[1, 0, 3] = np.nan
    with pytest.raises(ValueError, match=r"first at index \(1, 0, 3\)"):
        ig.attribute(nan)
    with pytest.raises(ValueError, match="shape"):
        ig.attribute(signals[0, 0])
    with pytest.raises(TypeError, match="complex"):
        ig.attribute(signals + 1j)
    with pytest.raises(ValueError, match="no domain|domain"):
        xcebra.CrossDomainIG(tanh, "no-such-domain").attribute(signals)
    with pytest.raises(ValueError, match="rule"):
        xcebra.CrossDomainIG(tanh, rule="simpson:3").attribute(signals)
    with pytest.raises(ValueError, match="fs"):
        xcebra.CrossDomainIG(tanh, fs=-1)
    with pytest.raises(TypeError, match="not a model"):
        xcebra.CrossDomainIG(3).attribute(signals)
    with pytest.raises(ValueError, match="batch"):
        xcebra.CrossDomainIG(tanh, batch_size=0).attribute(signals)


def test_an_exception_of_the_model_comes_out_as_itself(signals):
    class Broken(Tanh):
        calls = 0

        def value_and_vjp(self, x, cotangent):
            Broken.calls += 1
            if Broken.calls > 2:
                raise LookupError("layer 3 is missing")
            return super().value_and_vjp(x, cotangent)

    with pytest.raises(LookupError, match="layer 3") as caught:
        xcebra.CrossDomainIG(Broken(), rule="right:1000").attribute(signals)
    assert any("value_and_vjp" in str(entry) for entry in caught.traceback)
    # the other signals were not explained after it
    assert Broken.calls == 3


def test_a_model_is_called_on_the_thread_that_asks(signals):
    seen = set()

    class Spy(Tanh):
        def value_and_vjp(self, x, cotangent):
            seen.add(threading.get_ident())
            return super().value_and_vjp(x, cotangent)

    xcebra.CrossDomainIG(Spy(), "rfft", fs=16).attribute(signals, n_threads=2)
    assert seen == {threading.get_ident()}
    other = threading.Thread(target=lambda: xcebra.CrossDomainIG(Spy()).attribute(signals))
    other.start()
    other.join()
    assert len(seen) == 2


def test_a_model_may_explain_inside(signals):
    class Nested(Tanh):
        def forward(self, x):
            xcebra.CrossDomainIG(Tanh(), "rfft", fs=16).attribute(signals[:1])
            return super().forward(x)

    assert xcebra.CrossDomainIG(Nested(), rule="right:3").attribute(signals).values.shape == (4, 3, 2, 16)


def test_other_threads_run_meanwhile(signals):
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    xcebra.attribute(Tanh(outputs=4, shape=(64,)), np.random.default_rng(0).normal(size=(3000, 64)), "integrated-gradients")
    stop.set()
    thread.join()
    assert len(ticks) > 3


def test_black_boxes():
    x = np.random.default_rng(0).normal(size=(2, 8))
    rule = "gauss-legendre:20"
    smooth = xcebra.CrossDomainIG(lambda x: np.sin(x).sum(1), rule=rule).attribute(x)
    # along the straight path from 0 the integral of cos(αx) x is sin x
    assert np.allclose(smooth.values, np.sin(x), atol=1e-8)
    single = xcebra.CrossDomainIG(lambda x: np.sin(x.astype(np.float32)).sum(1), rule=rule).attribute(x)
    assert np.allclose(single.values, np.sin(x), atol=2e-3)
    steps = xcebra.CrossDomainIG(lambda x: (x > 0).sum(1).astype(float), smoothing=(0.5, 64)).attribute(x)
    assert np.isfinite(steps.values).all() and np.abs(steps.values).max() > 0


def test_paths(tanh, signals):
    one = signals[:1]
    straight = xcebra.CrossDomainIG(tanh, "rfft", fs=16, rule="gauss-legendre:40").attribute(one, target=0)
    z = straight.coefficients[0]
    corner = z * np.linspace(0, 1, z.shape[-1])
    ig = xcebra.CrossDomainIG(tanh, "rfft", fs=16, rule="gauss-legendre:40")
    bent = ig.attribute(one, target=0, path=np.stack([0 * z, corner, z]))
    curve = ig.attribute(one, target=0, path=lambda t: (z * t**2, 2 * t * z))
    assert np.allclose(bent.values.sum(), straight.values.sum(), atol=1e-9)
    assert not np.allclose(bent.values, straight.values, atol=1e-4)
    # the same points at another speed
    assert np.allclose(curve.values, straight.values, atol=1e-9)
    with pytest.raises(ZeroDivisionError):
        ig.attribute(one, target=0, path=lambda t: 1 / 0)


def test_sums(tanh, signals):
    a = xcebra.CrossDomainIG(tanh, "rfft", fs=16).attribute(signals, target=0)
    bands = a.by_band({"slow": (0, 4), "fast": (4, 9)})
    f = a.axes["frequency"].values
    assert np.allclose(bands.values[..., 0], a.values[..., f < 4].sum(-1))
    assert np.allclose(a.by_channel().values, a.values.sum(-1))
    assert np.allclose(a.sum("channel", "frequency").values, a.values.sum((1, 2)))
    wavelets = xcebra.CrossDomainIG(tanh, "wavelet:haar:2", fs=16).attribute(signals, target=0)
    levels = wavelets.by_group("wavelet")
    assert np.allclose(levels.values.sum(-1), wavelets.values.sum(-1))
    with pytest.raises(ValueError, match="partly inside"):
        wavelets.by_band({"odd": (0, 3)})
    with pytest.raises(KeyError, match="frequency"):
        wavelets.sum("frequency")
    top = a.top(2)
    assert top[0]["attribution"] == a.values[0].flat[np.abs(a.values[0]).argmax()]


def test_units_and_names(tanh, signals):
    a = xcebra.CrossDomainIG(tanh, "rfft", fs=16, channels=["C3", "C4"], frequency_unit="bpm").attribute(signals)
    assert a.axes["frequency"].unit == "bpm" and a.axes["frequency"].values[1] == 60.0
    assert a.axes["channel"].labels == ["C3", "C4"]
    assert "bpm" in a.top(1)[0]["coefficient"]
    none = xcebra.CrossDomainIG(tanh, "rfft").attribute(signals)
    assert none.axes["frequency"].values[-1] == 0.5 and none.axes["frequency"].unit == "cycles/sample"


def test_results_pickle_and_show_themselves(tanh, signals):
    a = xcebra.CrossDomainIG(tanh, "stft:8:4", fs=16).attribute(signals)
    again = pickle.loads(pickle.dumps(a))
    assert np.array_equal(again.values, a.values) and again.axes.names == a.axes.names
    page = a._repr_html_()
    assert page.startswith("<iframe") and "stft:8:4" in page
    assert "Attribution in the domain" in repr(a)
    assert a.to_dict()["time"] == a.axes["time"].values.tolist()


def test_frames_and_labelled_arrays(tanh, signals):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("pandas")
    a = xcebra.CrossDomainIG(tanh, "rfft", fs=16).attribute(signals)
    labelled = a.to_xarray()
    assert labelled.dims == ("signal", "output", "channel", "frequency")
    assert float(labelled.sel(frequency=2.0, signal=1, output=0, channel=1)) == a.values[1, 0, 1, 2]
    frame = a.to_frame()
    assert len(frame) == a.values.size and frame["attribution"].iloc[-1] == a.values.flat[-1]
    given = xarray.DataArray(
        signals, dims=("trial", "channel", "time"), coords={"channel": ["a", "b"], "time": np.arange(16) / 16}
    )
    b = xcebra.CrossDomainIG(tanh, "rfft").attribute(given)
    assert np.array_equal(a.values, b.values) and b.axes["channel"].labels == ["a", "b"] and b.fs == 16.0
    with pytest.raises(ValueError, match="fs is 32"):
        xcebra.CrossDomainIG(tanh, "rfft", fs=32).attribute(given)


def test_plots(tanh, signals):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for domain in ("time", "rfft", "stft:8:4", "wavelet:haar:2", "pca"):
        a = xcebra.CrossDomainIG(tanh, domain, fs=16).attribute(signals)
        _, ax = plt.subplots()
        assert a.plot(ax) is ax
        assert a.by_axis(0).plot(ax) is ax
        plt.close("all")


def test_fitted_components(tanh, signals):
    decomposition = pytest.importorskip("sklearn.decomposition")
    rows = np.random.default_rng(0).laplace(size=(500, 2)) @ np.array([[1.0, 0.5], [0.2, 1.0]])
    ica = decomposition.FastICA(random_state=0).fit(rows)
    a = xcebra.CrossDomainIG(tanh, xcebra.domains.Basis(ica), fs=16).attribute(signals, target=0)
    assert np.allclose(a.coefficients[0], ica.transform(signals[0].T).T)
    assert np.allclose(a.values.sum((1, 2)), a.value - a.baseline_value)
    pca = decomposition.PCA(1).fit(rows)
    part = xcebra.CrossDomainIG(tanh, xcebra.domains.Basis(pca), fs=16).attribute(signals, target=0)
    assert np.allclose(part.values.reshape(4, -1).sum(1), part.value - part.baseline_value)


def test_a_domain_in_python_equals_the_built_in_one(tanh, signals):
    class Spectrum(xcebra.domains.Domain):
        name = "spectrum"
        signal_shape, coefficient_shape = (2, 16), (2, 16)
        has_affine_inverse = True

        def forward(self, x):
            return np.fft.fft(x)

        def inverse(self, z):
            return np.fft.ifft(z).real

    ig = dict(fs=16, rule="gauss-legendre:20")
    own = xcebra.CrossDomainIG(tanh, Spectrum(), **ig).attribute(signals)
    built_in = xcebra.CrossDomainIG(tanh, "fourier", **ig).attribute(signals)
    assert np.allclose(own.values, built_in.values, atol=1e-12)

    class Broken(Spectrum):
        def inverse(self, z):
            raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        xcebra.CrossDomainIG(tanh, Broken(), **ig).attribute(signals)


def test_domains_share_evaluations_and_are_ranked(tanh, signals):
    ig = xcebra.CrossDomainIG(tanh, fs=16)
    both = ig.domains(["time", "rfft", "dct"], signals, target=0)
    assert list(both) == ["time", "rfft", "dct"]
    assert np.allclose(both["rfft"].values, xcebra.CrossDomainIG(tanh, "rfft", fs=16).attribute(signals, target=0).values)
    filter_ = wave(4)
    model = xcebra.models.Callables(lambda x: np.tanh(x @ filter_ / 32), lambda x, c: (c * (1 - np.tanh(x @ filter_ / 32) ** 2))[:, None] * filter_ / 32)
    ranked = xcebra.rank_domains(model, (wave(4) + 3 * wave(10))[None], ["time", "rfft"], fs=64)
    assert ranked[0].domain == "rfft" and ranked[0].carriers == 1


def test_interactions(signals):
    # two bands that are multiplied
    slow, fast = wave(2), wave(8)
    model = xcebra.models.BlackBox(lambda x: (x @ slow) * (x @ fast) / 1024)
    x = (slow + fast)[None]
    found = xcebra.interactions(model, x, "rfft", {"slow": (1, 4), "fast": (4, 33)}, fs=64)
    assert found.names == ["slow", "fast", "other"]
    assert np.allclose(found.values[0], [[0, 1, 0], [1, 0, 0], [0, 0, 0]], atol=1e-9)
    with pytest.raises(ValueError, match="weighted sum"):
        xcebra.interactions(model, x, "rfft", {"slow": (1, 4)}, fs=64, target={0: 2.0})
    mean = xcebra.interactions(model, x + 1, "rfft", {"slow": (1, 4), "fast": (4, 33)}, fs=64, baselines="mean")
    assert np.allclose(mean.values[0], [[0, 1, 0], [1, 0, 0], [0, 0, 0]], atol=1e-9)
    across = xcebra.interactions(model, x, "rfft", {"slow": (1, 4)}, other=("rfft", {"fast": (4, 33)}), fs=64)
    assert across.values.shape == (1, 2, 2) and np.isclose(across.values[0, 0, 0], 1.0)


def test_every_method_works_on_any_model(tanh, signals):
    for method in xcebra.method_names():
        if method.startswith("exact-shapley"):
            continue  # at most 16 inputs
        found = xcebra.attribute(tanh, signals, method, per_sample=True)
        assert found.values.shape == (2, 16, 3), method
        assert np.isfinite(found.values).all()
        assert np.allclose(np.abs(found.per_sample).mean(0), found.values, atol=1e-12), method
    jacobian = xcebra.attribute(tanh, signals, "neuron-gradient", per_sample=True).per_sample
    by_hand = (1 - tanh.forward(signals) ** 2)[:, :, None] * tanh.weights
    assert np.allclose(jacobian.reshape(4, 32, 3), by_hand.transpose(0, 2, 1), atol=1e-14)
    ing = xcebra.attribute(tanh, signals, "ing", per_sample=True).per_sample
    assert np.allclose(ing.reshape(4, 32, 3), np.linalg.pinv(by_hand), atol=1e-10)
    few = Tanh(outputs=2, shape=(4,))
    assert xcebra.attribute(few, np.ones((2, 4)), "exact-shapley").values.shape == (4, 2)
    with pytest.raises(ValueError, match="nonsense"):
        xcebra.attribute(tanh, signals, "nonsense")


def test_progress_and_warnings(tanh, signals):
    told = []
    xcebra.CrossDomainIG(tanh, rule="right:300", batch_size=10).attribute(
        np.repeat(signals, 20, axis=0), progress=lambda *a: told.append(a)
    )
    assert told and told[-1][0] == "explain" and told[-1][1] == told[-1][2] == 80
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xcebra.CrossDomainIG(tanh).attribute(signals, progress=False)


def test_results_do_not_depend_on_threads(tanh, signals):
    one = xcebra.CrossDomainIG(tanh, "stft:8:4", fs=16).attribute(signals, n_threads=1)
    two = xcebra.CrossDomainIG(tanh, "stft:8:4", fs=16).attribute(signals, n_threads=3)
    assert np.array_equal(one.values, two.values)
    with xcebra.threads(2):
        assert xcebra.get_num_threads() == 2
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError):
            xcebra.set_num_threads(wrong)
