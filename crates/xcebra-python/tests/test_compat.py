"""Scripts written for other packages run with other imports."""

import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest

import xcebra
from conftest import wave


def test_cebra(tmp_path):
    from xcebra.compat import cebra

    data = xcebra.synth.dataset(latents=4, samples=600, seed=0)
    model = cebra.CEBRA(
        model_architecture="offset10-model", batch_size=64, learning_rate=3e-4, temperature=1.12, output_dimension=3,
        max_iterations=20, distance="cosine", conditional="time_delta", device="cuda_if_available", verbose=False, time_offsets=10,
    )
    model.fit(data.x, data.z2)
    z = model.transform(data.x)
    assert z.shape == (600, 3)
    # the encoder normalises, as CEBRA's does
    assert np.allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)
    model.save(tmp_path / "model.pt")
    assert np.array_equal(cebra.CEBRA.load(tmp_path / "model.pt").transform(data.x), z)
    hybrid = cebra.CEBRA(batch_size=64, output_dimension=5, hybrid=True)
    settings = hybrid._settings({"y": [data.z2]})
    assert [objective.get("dims") for objective in settings["objective"]] == [None, [0, 3]]
    np.save(tmp_path / "x.npy", data.x)
    assert np.array_equal(cebra.load_data(str(tmp_path / "x.npy")), data.x)
    for wrong, words in (
        (dict(batch_size=None), "batch_size=None"), (dict(optimizer="sgd"), "optimiser is Adam"),
        (dict(criterion="mse"), "InfoNCE"), (dict(device="cuda:1"), "processor"),
    ):
        with pytest.raises(ValueError, match=words):
            cebra.CEBRA(**(dict(batch_size=64, max_iterations=2) | wrong)).fit(data.x)


def test_cebra_attribution_of_a_model(tanh, signals):
    from xcebra.compat import cebra

    method = cebra.attribution.init(name="jacobian-based", model=tanh, input_data=signals, output_dimension=3)
    found = method.compute_attribution_map()
    jacobian = (1 - tanh.forward(signals) ** 2)[:, :, None] * tanh.weights
    assert np.allclose(found["jf"].reshape(4, 3, 32), jacobian)
    inverse = np.linalg.pinv(jacobian).transpose(0, 2, 1)
    assert np.allclose(found["jf-inv-svd"].reshape(4, 3, 32), inverse, atol=1e-10)
    with pytest.raises(ValueError, match="use its attribution_map"):
        cebra.attribution.init(name="jacobian-based", model=xcebra.XCEBRA(), input_data=signals)
    with pytest.raises(TypeError, match="unexpected"):
        cebra.CEBRA.load("m.pt", weights=True)
    with pytest.raises(ValueError, match="there is no attribution method"):
        cebra.attribution.init(name="magic", model=tanh, input_data=signals)


def test_their_domains_against_the_library_itself():
    """Run where cross_domain_saliency_maps is installed: the same numbers, to its float32."""
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients")
    from sklearn.decomposition import FastICA

    from xcebra.compat import cross_domain_saliency_maps as ours

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv1d(3, 4, 5), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(4 * 60, 2))
    rng = np.random.default_rng(0)
    x = (wave(4) + rng.laplace(size=(1, 3, 64))).astype(np.float32)
    base = np.zeros_like(x)
    ica = FastICA(random_state=0).fit(rng.laplace(size=(500, 3)))
    device = torch.device("cpu")
    stft = dict(n_fft=16, hop_length=4, win_length=16)
    for name, arguments, keywords in (
        ("TimeIG", (net, 50, 1, device), {}),
        ("FourierIG", (net, 50, 1, device), {}),
        ("ICAIG", (net, ica, 50, 1, device), {}),
        ("STFTIG", (net, 50, 1, device), stft),
        ("DWTIG", (net, 50, 1, device), {"levels": 3}),
        ("ComplexCepstrumIG", (net, 50, 1, device), {}),
    ):
        expected = getattr(theirs, name)(*arguments, **keywords).run(x, base)
        found = getattr(ours, name)(*arguments, **keywords).run(x, base)
        assert tuple(found.shape) == tuple(expected.shape), name
        scale = float(expected.abs().max())
        assert float((found - expected).abs().max()) < 5e-6 * scale, name
    pytest.importorskip("captum")
    theirs = pytest.importorskip("cross_domain_saliency_maps.torch_ig.captum_integrated_gradients")
    for name, arguments, keywords in (
        ("CaptumTimeIG", (net, 50, 1, device), {}),
        ("CaptumTimeIG", (net, 50, 1, device), {"method": "riemann_middle"}),
        ("CaptumFourierIG", (net, 50, 1, device), {"method": "riemann_left"}),
        ("CaptumFourierIG", (net, 50, 1, device), {"time_dimension": 1}),
        ("CaptumICAIG", (net, ica, 50, 1, device), {}),
        ("CaptumSTFTIG", (net, 50, 1, device), stft),
        ("CaptumDWTIG", (net, 50, 1, device), {"levels": 3}),
        ("CaptumComplexCepstrumIG", (net, 50, 1, device), {"eps": 1e-6}),
        ("CaptumComplexCepstrumIG", (net, 50, 1, device), {"time_dimension": 1}),
    ):
        expected, off = getattr(theirs, name)(*arguments, **keywords).run(x, base, return_convergence_delta=True)
        found, delta = getattr(ours, name)(*arguments, **keywords).run(x, base, return_convergence_delta=True)
        assert tuple(found.shape) == tuple(expected.shape), name
        scale = float(expected.abs().max())
        assert float((found - expected).abs().max()) < 5e-6 * scale, (name, keywords)
        # the sum of hundreds of attributions in their float32
        assert float((delta - off).abs().max()) < 1e-4 * scale, (name, keywords)
    for one in (ours.ICAIG, ours.CaptumICAIG):
        with pytest.raises(ValueError, match="pass \\(1, channels, time\\)"):
            one(net, ica, 50, 1, device).run(np.concatenate([x, x]), np.concatenate([base, base]))
    for keywords, words in (
        ({"method": "riemann_trapezoid"}, "trapezoid:49"), ({"multiply_by_inputs": False}, "divide"),
        ({"return_packed_complex_attributions": True}, "together"),
    ):
        with pytest.raises(ValueError, match=words):
            ours.CaptumFourierIG(net, 50, 1, device, **keywords)


def test_the_cepstrum_is_that_of_its_definition():
    """Its inverse and derivative against differences, and its attribution against the sum by hand."""
    from xcebra.compat._transforms import Cepstrum

    rng = np.random.default_rng(0)
    domain = Cepstrum((2, 16))
    x = rng.normal(size=(3, 2, 16))
    z = domain.forward(x)
    # the offset of the spectrum is a larger first sample
    assert np.allclose(domain.inverse(z), x + 1e-7 * (np.arange(16) == 0), atol=1e-12)
    cotangent = rng.normal(size=x.shape)
    pulled = domain.inverse_vjp(z, cotangent)
    step = 1e-6
    for _ in range(8):
        change = rng.normal(size=z.shape) + 1j * rng.normal(size=z.shape)
        slope = (cotangent * (domain.inverse(z + step * change) - domain.inverse(z - step * change))).sum() / (2 * step)
        # central differences: 1e-6² of curvature and 1e-16/1e-6 of rounding, of sums of 96 terms
        assert np.isclose(slope, (pulled.conj() * change).real.sum(), rtol=1e-6)


def test_integrated_gradients_are_those_of_captum():
    """captum in double precision: the same sums in another order."""
    torch = pytest.importorskip("torch")
    captum = pytest.importorskip("captum.attr")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv1d(3, 4, 5), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(240, 4)).double()
    x, base = torch.randn(5, 3, 64).double(), torch.randn(5, 3, 64).double()
    target = [0, 3, 1, 2, 2]
    for method, rule in (
        ("gausslegendre", "gauss-legendre:50"), ("riemann_right", "right:50"), ("riemann_left", "left:50"),
        ("riemann_middle", "midpoint:50"),
    ):
        expected, off = captum.IntegratedGradients(net).attribute(
            x, base, torch.tensor(target), n_steps=50, method=method, return_convergence_delta=True
        )
        found = xcebra.CrossDomainIG(net, rule=rule).attribute(x, base, target)
        # captum's nodes and weights are rounded to float32 on the way
        assert np.abs(found.values - expected.detach().numpy()).max() < 2e-7 * np.abs(found.values).max(), method
        assert np.allclose(found.convergence_delta, off.detach().numpy(), atol=1e-5), method


def test_models_that_cebra_saved(tmp_path):
    """Files of cebra 0.6.1, and what it makes of a recording."""
    folder = pathlib.Path(__file__).parent / "data"
    expected = np.load(folder / "cebra.npz")
    for name, architecture in (("one", "offset1-model"), ("ten", "offset10-model")):
        encoder = xcebra.XCEBRA.from_cebra(folder / f"cebra_{name}.pt")
        assert encoder.model_architecture == architecture and encoder.output_dimension == 3
        # both compute in float32
        assert np.abs(encoder.transform(expected["x"]) - expected[name]).max() < 2e-6
    encoder.save(tmp_path / "run")
    again = xcebra.XCEBRA.load(tmp_path / "run")
    assert again.model_architecture == "offset10" and again.num_hidden_units == 8
    from xcebra.compat import cebra

    assert np.array_equal(cebra.CEBRA.load(folder / "cebra_ten.pt").transform(expected["x"]), encoder.transform(expected["x"]))
    with pytest.raises(ValueError, match='backend="sklearn"'):
        xcebra.XCEBRA.from_cebra(folder / "cebra_pickled.pt")


def test_a_model_of_several_sessions_that_cebra_saved(tmp_path):
    folder = pathlib.Path(__file__).parent / "data"
    x = np.load(folder / "cebra.npz")["x"]
    expected = np.load(folder / "cebra_sessions.npz")
    encoder = xcebra.XCEBRA.from_cebra(folder / "cebra_sessions.pt")
    assert encoder.n_features_in_ == [3, 5]
    parts = [x[:30, :3], x[30:]]
    for k, found in enumerate(encoder.transform(parts)):
        # both compute in float32
        assert np.abs(found - expected[f"session_{k}"]).max() < 2e-6
    encoder.save(tmp_path / "run")
    again = xcebra.XCEBRA.load(tmp_path / "run")
    assert np.array_equal(again.transform(parts[1], session_id=1), encoder.transform(parts[1], session_id=1))


def test_nothing_in_a_file_is_run(tmp_path):
    """A checkpoint that names a program, one that is cut, and others that are none."""
    from xcebra.compat._checkpoint import load_checkpoint

    class Program:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    def checkpoint(name, value):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("model/data.pkl", pickle.dumps(value) if not isinstance(value, bytes) else value)
        return str(tmp_path / name)

    load_checkpoint(checkpoint("program.pt", {"state_dict": Program(), "built-in": [Program()]}))
    assert not (tmp_path / "made").exists()
    with pytest.raises(ValueError, match="does not hold"):
        xcebra.XCEBRA.from_cebra(checkpoint("other.pt", {"state_dict": Program()}))
    whole = (pathlib.Path(__file__).parent / "data" / "cebra_one.pt").read_bytes()
    for end in (0, 100, len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.pt").write_bytes(whole[:end])
        with pytest.raises(ValueError, match="torch.save"):
            xcebra.XCEBRA.from_cebra(tmp_path / "cut.pt")
    with pytest.raises(ValueError, match="torch.save"):
        load_checkpoint(checkpoint("cut_pickle.pt", pickle.dumps({"a": [1, 2]})[:-3]))
    with pytest.raises(OSError):
        xcebra.XCEBRA.from_cebra(tmp_path / "missing.pt")
    # a tensor that says it is larger than its numbers
    large = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00J\xff\xff\xff\x0f\x85K\x00\x85tR."
    with zipfile.ZipFile(tmp_path / "large.pt", "w") as archive:
        archive.writestr("model/data.pkl", large)
        archive.writestr("model/data/0", np.ones(2, np.float32).tobytes())
    with pytest.raises(ValueError, match="does not fit"):
        load_checkpoint(str(tmp_path / "large.pt"))


def test_masks_of_neurons_are_those_of_cebra():
    from xcebra.compat import cebra

    x = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)

    def trained(masks):
        settings = {"max_iterations": 5, "batch_size": 32, "output_dimension": 2, "masking_kwargs": masks}
        return cebra.CEBRA(**settings).fit(x).transform(x)

    plain = trained(None)
    hidden = trained((("RandomNeuronMask", 0.4),))
    assert np.array_equal(plain, trained(())) and not np.array_equal(plain, hidden)
    assert np.array_equal(hidden, trained({"RandomNeuronMask": 0.4}))
    for wrong in ({"TimeBlockMask": (0.1, 2)}, {"RandomNeuronMask": [0.1, 0.2]}):
        with pytest.raises(ValueError, match="masking_kwargs"):
            trained(wrong)
    with pytest.raises(ValueError, match="mask_channels"):
        trained({"RandomNeuronMask": 1.5})


@pytest.mark.parametrize("name", ["cebra_hippocampus", "cross_domain_saliency"])
def test_published_scripts_run_with_other_imports(name):
    import runpy

    if name == "cross_domain_saliency":
        pytest.importorskip("torch")
    runpy.run_path(str(pathlib.Path(__file__).parents[1] / "examples" / f"{name}.py"))


def test_consistency_is_that_of_cebra():
    """Against numbers that cebra 0.6.1 wrote; means and regressions of some hundred samples."""
    from xcebra.compat import cebra

    path = pathlib.Path(__file__).parents[2] / "xcebra-eval/tests/data/decoders.npz"
    score = cebra.sklearn.metrics.consistency_score
    with np.load(path) as known:
        embeddings = [known[f"embedding_{k}"] for k in range(3)]
        labels = [known[f"label_{k}"] for k in range(3)]
        for arguments, name in [({"num_discretization_bins": 20}, "datasets_20"), ({"dataset_ids": [0, 0, 1]}, "datasets_grouped")]:
            scores, _, ids = score(embeddings, between="datasets", labels=labels, **arguments)
            assert np.allclose(scores, known[name], rtol=0, atol=1e-12) and len(ids) == 3
        scores, pairs, _ = score([e[:400] for e in embeddings], between="runs")
        assert np.allclose(scores, known["runs"], rtol=0, atol=1e-12) and np.array_equal(pairs, known["runs_pairs"])
    with pytest.raises(ValueError, match="leave labels"):
        score(embeddings, between="runs", labels=labels)
    with pytest.raises(ValueError, match="pass the labels"):
        score(embeddings, between="datasets")
