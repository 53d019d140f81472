"""Scripts written for other packages run with other imports."""

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
    ):
        expected = getattr(theirs, name)(*arguments, **keywords).run(x, base)
        found = getattr(ours, name)(*arguments, **keywords).run(x, base)
        assert tuple(found.shape) == tuple(expected.shape), name
        scale = float(expected.abs().max())
        assert float((found - expected).abs().max()) < 5e-6 * scale, name
    with pytest.raises(NotImplementedError, match="unwrap"):
        ours.ComplexCepstrumIG(net, 50, 1, device)


@pytest.mark.parametrize("name", ["cebra_hippocampus", "cross_domain_saliency"])
def test_published_scripts_run_with_other_imports(name):
    import pathlib
    import runpy

    if name == "cross_domain_saliency":
        pytest.importorskip("torch")
    runpy.run_path(str(pathlib.Path(__file__).parents[1] / "examples" / f"{name}.py"))
