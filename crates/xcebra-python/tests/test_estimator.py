"""The estimator: as scikit-learn wants it, and as the program computes it."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import xcebra


def small(**arguments):
    defaults = dict(output_dimension=3, max_iterations=60, batch_size=32, learning_rate=3e-3)
    return xcebra.XCEBRA(**(defaults | arguments))


@pytest.fixture(scope="module")
def data():
    return xcebra.synth.dataset(latents=4, samples=800, seed=2)


def test_scikit_learn_is_content():
    estimator_checks = pytest.importorskip("sklearn.utils.estimator_checks")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator_checks.check_estimator(small(max_iterations=5, batch_size=8, output_dimension=2))


def test_it_finds_the_map(data):
    encoder = small(output_dimension=4, max_iterations=400, batch_size=256, hybrid=True, learning_rate=1e-2)
    encoder.fit(data.x, data.z2)
    found = encoder.attribution_map(data.x)
    # the labelled latents are the last two; a channel without them has no entry there
    score = xcebra.metrics.auroc(found.values[:, 2:].max(1)[:, None], data.map[:, 2:].any(1)[:, None])
    assert score > 0.9
    assert found.ranks.shape == (50, 4) and found.channels[0] == "0"
    assert len(encoder.verdict_) > 0 and encoder.diagnostics_["outputs"] == 4


def test_the_same_seed_gives_the_same_bits(data):
    one = small(random_state=3).fit(data.x, data.z2).transform(data.x)
    assert np.array_equal(one, small(random_state=3, n_threads=1).fit(data.x, data.z2).transform(data.x))
    assert not np.array_equal(one, small(random_state=4).fit(data.x, data.z2).transform(data.x))
    assert one.dtype == np.float32 and one.shape == (800, 3)


def test_folders_pickles_and_clones(data, tmp_path):
    sklearn = pytest.importorskip("sklearn.base")
    encoder = small(hybrid=True).fit(data.x, data.z2)
    z = encoder.transform(data.x)
    encoder.save(tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"model.safetensors", "config.toml", "channels.json", "diagnostics.json", "report.html"} <= names
    with pytest.raises(FileExistsError, match="overwrite=True"):
        encoder.save(tmp_path / "run")
    encoder.save(tmp_path / "run", overwrite=True)
    again = xcebra.XCEBRA.load(tmp_path / "run")
    assert np.array_equal(again.transform(data.x), z)
    assert again.get_params()["max_iterations"] == 60
    assert np.array_equal(pickle.loads(pickle.dumps(encoder)).transform(data.x), z)
    assert np.array_equal(sklearn.clone(encoder).fit(data.x, data.z2).transform(data.x), z)
    # a pickle holds the encoder, not the recording
    shorter = small(hybrid=True).fit(data.x[:400], data.z2[:400])
    assert abs(len(pickle.dumps(encoder)) - len(pickle.dumps(shorter))) < 2000
    with pytest.raises(OSError, match="nowhere"):
        xcebra.XCEBRA.load(tmp_path / "nowhere")


def test_pipelines_frames_and_grid_search(data):
    pandas = pytest.importorskip("pandas")
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pandas.DataFrame(data.x, columns=[f"unit {i}" for i in range(50)])
    pipe = make_pipeline(StandardScaler(), small()).set_output(transform="pandas")
    out = pipe.fit_transform(frame, data.z2)
    assert list(out.columns) == ["xcebra0", "xcebra1", "xcebra2"]
    encoder = small().fit(frame)
    assert list(encoder.feature_names_in_[:2]) == ["unit 0", "unit 1"]
    assert encoder.attribution_map(frame).to_frame().index[1] == "unit 1"
    search = GridSearchCV(small(), {"output_dimension": [2, 3]}, cv=2).fit(data.x)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_labels_of_all_kinds(data):
    classes = (data.z2[:, 0] > 0).astype(int)
    text = np.where(classes, "left", "right")
    for labels in (classes, text, {"place": data.z2, "side": classes}, data.z2[:, 0], data.z2.astype(np.float64)):
        assert small().fit(data.x, labels).transform(data.x).shape == (800, 3)
    assert small().fit(data.x, data.z2, classes).transform(data.x).shape == (800, 3)
    settings = {"objective": [{"loss": "mse", "label": "y"}], "train": {"schedule": "cosine"}}
    assert small(output_dimension=2, settings=settings).fit(data.x, data.z2).transform(data.x).shape == (800, 2)
    with pytest.raises(ValueError, match="800"):
        small().fit(data.x, data.z2[:700])
    with pytest.raises(ValueError, match="needs labels"):
        small(conditional="time_delta").fit(data.x)


def test_sessions(data):
    parts = [data.x[:500], data.x[500:]]
    encoder = small().fit(parts, [data.z2[:500], data.z2[500:]])
    embedded = encoder.transform(parts)
    assert [len(z) for z in embedded] == [500, 300]
    assert np.array_equal(embedded[0], encoder.transform(data.x[:500]))


def test_architectures_of_cebra(data):
    for name in ("offset1-model", "offset5-model", "offset10-model", "offset10-model-mse", "offset1-model-mse-clip-5-5"):
        encoder = small(model_architecture=name, max_iterations=5).fit(data.x)
        assert encoder.transform(data.x).shape == (800, 3)
    assert small(model_architecture="offset10-model", pad_before_transform=False, max_iterations=5).fit(data.x).transform(
        data.x
    ).shape == (791, 3)
    with pytest.raises(ValueError, match="offset7"):
        small(model_architecture="offset7-model").fit(data.x)


def test_bad_data_and_settings_are_refused(data):
    nan = data.x.copy()
    nan[10, 3] = np.nan
    with pytest.raises(ValueError, match="NaN|nan"):
        small().fit(nan)
    constant = data.x.copy()
    constant[:, 7] = 1
    with pytest.raises(ValueError, match="7"):
        small().fit(constant)
    for wrong in (
        dict(max_iterations=0), dict(batch_size=None), dict(output_dimension=1.5), dict(temperature=-1.0),
        dict(distance="far"), dict(conditional="whenever"), dict(temperature_mode="cold"), dict(held_out=0.9),
        dict(settings={"train": {"step": 3}}), dict(learning_rate=0.0), dict(random_state="a"), dict(hybrid=True, output_dimension=1),
    ):
        with pytest.raises(ValueError):
            small(**wrong).fit(data.x, data.z2)
    with pytest.raises(ValueError, match="^batch_size|batch_size is"):
        small(batch_size=1).fit(data.x)
    with pytest.raises(ValueError, match="learning_rate"):
        small(learning_rate=-1.0).fit(data.x)
    with pytest.warns(xcebra.XcebraWarning, match=r"X\.T"):
        small(max_iterations=2).fit(np.random.default_rng(0).normal(size=(20, 30)))
    with pytest.raises(Exception, match="not fitted"):
        small().transform(data.x)
    with pytest.raises(ValueError, match="49 features"):
        small(max_iterations=3).fit(data.x).transform(data.x[:, :49])


def test_significance(data):
    encoder = small(max_iterations=100, hybrid=True).fit(data.x, data.z2)
    found = encoder.significance(data.x, data.z2, resamples=10, blocks=10)
    assert found.verdicts.shape == (50, 3)
    assert set(np.unique(found.verdicts)) <= {"connected", "not connected", "undecided"}
    assert ((found.low <= found.map.values) & (found.map.values <= found.high)).mean() > 0.9
    assert found.trainings == 10 and len(found.agreement) == 3
    assert all(0 <= k < 10 for k in found.left_out)
    assert "onnected" in repr(found)
    assert found.smallest_effect == 0.4 and "size of interest is 0.4 standard deviations" in repr(found)
    # without labels, on what the encoder was fitted on: the same trainings
    again = encoder.significance(data.x, resamples=10, blocks=10)
    assert np.array_equal(again.pvalues, found.pvalues)
    with pytest.raises(ValueError, match="pass y"):
        pickle.loads(pickle.dumps(encoder)).significance(data.x)
    frame = found.to_frame()
    assert len(frame) == 150 and set(frame.columns) >= {"q", "verdict"}
    with pytest.raises(ValueError):
        encoder.significance(data.x, data.z2, resamples=1)
    with pytest.raises(ValueError, match="smallest effect"):
        encoder.significance(data.x, data.z2, resamples=10, smallest_effect=0.0)
    # the map beside the raw one: a block's columns are equal, and 1 is what an average channel has
    comparable, effects = found.map.comparable, found.map.effects
    assert comparable.shape == effects.shape == (50, 3)
    assert np.array_equal(comparable[:, 0], comparable[:, 1])
    # means of fifty numbers of about 1
    assert np.allclose(comparable.mean(axis=0), 1, rtol=1e-12)
    assert np.allclose(comparable * effects.mean(axis=0), effects, rtol=1e-12)
    assert encoder.attribution_map(data.x, "neuron-gradient").comparable is None


def test_history_progress_and_report(data):
    told = []
    encoder = small(max_iterations=120)
    encoder.verbose = lambda *a: told.append(a)
    encoder.fit(data.x)
    assert told[-1][0] == "fit" and told[-1][1:3] == (120, 120)
    assert encoder.n_iter_ == 120 and len(encoder.history_) > 1
    assert encoder._repr_html_().startswith("<iframe")
    assert "offset1" not in repr(encoder)
    found = encoder.attribution_map(data.x)
    # the page is made when it is first asked for, also by a pickle
    assert callable(found._page)
    again = pickle.loads(pickle.dumps(found))
    assert again.report == found.report and "<html" in found.report
    assert found._repr_html_().startswith("<iframe") and found._page is found.report


def test_ctrl_c_leaves_the_encoder_as_it_is_by_then(data, ctrl_c):
    encoder = small(max_iterations=10_000_000)
    ctrl_c(1.0)
    with pytest.raises(KeyboardInterrupt):
        encoder.fit(data.x)
    assert 0 < encoder.n_iter_ < 10_000_000
    assert encoder.transform(data.x).shape == (800, 3)


def test_a_seed_comparison(data):
    found = small(max_iterations=40).fit(data.x).compare_seeds(2)
    assert len(found["seeds"]) == 2


def test_joblib_and_forked_children(data):
    joblib = pytest.importorskip("joblib")
    encoder = small(max_iterations=20).fit(data.x)
    z = encoder.transform(data.x)
    for other in joblib.Parallel(2)(joblib.delayed(encoder.transform)(data.x) for _ in range(2)):
        assert np.array_equal(other, z)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_computes():
    code = """
import multiprocessing, numpy as np, xcebra
x = np.random.default_rng(0).normal(size=(20000, 8))
encoder = xcebra.XCEBRA(max_iterations=10, output_dimension=2).fit(x)
z = encoder.transform(x)
with multiprocessing.get_context("fork").Pool(2) as pool:
    for other in pool.map(encoder.transform, [x, x]):
        assert np.array_equal(other, z)
print("same")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "same", done.stderr


def test_import_is_light():
    code = "import sys, xcebra; print(sorted({m.split('.')[0] for m in sys.modules} & {'sklearn', 'torch', 'pandas', 'matplotlib', 'tqdm'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_settings_are_those_of_the_program(data):
    encoder = small(hybrid=True, model_architecture="offset10-model", regularizer_weight=0.2)
    settings = json.loads(xcebra._xcebra.complete_settings(json.dumps(encoder._settings({"y": [data.z2]}))))
    assert settings["encoder"]["name"] == "offset10" and settings["train"]["steps"] == 60
    assert settings["objective"][1]["dims"] == [2, 3]
    assert settings["regularizer"]["weight"] == 0.2


class Raw:
    """What is used of ``mne.io.Raw``: (channels, time)."""

    def __init__(self, data):
        self.ch_names, self.info = [f"EEG {i}" for i in range(data.shape[1])], {"sfreq": 250.0}
        self.annotations = None
        self._data = np.ascontiguousarray(data.T, dtype=np.float64)

    def get_data(self):
        return self._data


class Epochs(Raw):
    """What is used of ``mne.Epochs``: (epochs, channels, time)."""

    def get_data(self):
        return self._data.reshape(self._data.shape[0], 4, -1).transpose(1, 0, 2)


class TsdFrame:
    """What is used of ``pynapple.TsdFrame``."""

    def __init__(self, data, starts=(0.0,)):
        self.values, self.columns, self.rate = data, [f"unit {i}" for i in range(data.shape[1])], 40.0
        self.t = np.arange(len(data)) / 40.0
        self.time_support = Intervals(np.asarray(starts))


class Intervals:
    """What is used of ``pynapple.IntervalSet``."""

    def __init__(self, start):
        self.start = start


class TsGroup(dict):
    """What is used of ``pynapple.TsGroup``."""

    rates, time_support = [1.0], Intervals([0.0])


class Annotations:
    """What is used of ``mne.Annotations``."""

    def __init__(self, onset, duration, description):
        self.onset, self.duration, self.description = map(np.asarray, (onset, duration, description))


def test_recordings_of_other_packages(data):
    plain = small().fit(data.x.astype(np.float64)).transform(data.x.astype(np.float64))
    raw = small().fit(Raw(data.x))
    assert list(raw.state_dict_.channels[:2]) == ["EEG 0", "EEG 1"]
    assert np.array_equal(raw.transform(Raw(data.x)), plain)
    epochs = small().fit(Epochs(data.x), np.arange(800) % 7)
    assert [len(z) for z in [epochs.transform(data.x)]] == [800]
    frame = small().fit(TsdFrame(data.x.astype(np.float64)))
    assert frame.attribution_map(TsdFrame(data.x.astype(np.float64))).channels[1] == "unit 1"
    assert np.array_equal(frame.transform(TsdFrame(data.x.astype(np.float64))), plain)
    xarray = pytest.importorskip("xarray")
    labelled = xarray.DataArray(data.x.astype(np.float64), dims=("time", "neuron"), coords={"neuron": [f"n{i}" for i in range(50)]})
    assert list(small().fit(labelled).feature_names_in_[:2]) == ["n0", "n1"]


@pytest.mark.filterwarnings("ignore:array `X` is in")
def test_gaps_that_other_packages_know_are_not_crossed(data):
    x = data.x.astype(np.float64)
    wide = {"model_architecture": "offset10-model"}
    cut = xcebra.Recording(x, breaks=[300], channels=[f"unit {i}" for i in range(x.shape[1])])
    expected = small(**wide).fit(cut).transform(cut)
    # an interval that holds no sample makes no cut
    frame = TsdFrame(x, [0.0, 300 / 40.0 - 0.01, 1e4])
    found = small(**wide).fit(frame)
    assert np.array_equal(found.transform(frame), expected)
    whole = small(**wide).fit(TsdFrame(x)).transform(TsdFrame(x))
    assert not np.array_equal(whole, expected)
    # onsets count from the first sample of the file, of which this recording is a part
    raw = Raw(x)
    raw.first_time = 2.0
    raw.annotations = Annotations([2.0 + 300 / 250, 2.5, 2.0], [0.0, 1.0, 0.0], ["EDGE boundary", "BAD_blink", "BAD boundary"])
    assert np.array_equal(small(**wide).fit(raw).transform(raw), expected)
    raw.annotations = Annotations([2.0 + 300 / 250], [100 / 250], ["BAD_ACQ_SKIP"])
    skip = xcebra.Recording(x, breaks=[300, 400])
    assert np.array_equal(small(**wide).fit(raw).transform(raw), small(**wide).fit(skip).transform(skip))


def test_spike_times_of_pynapple_need_bins(data):
    with pytest.raises(TypeError, match=r"X\.count\(0\.025\)"):
        small().fit(TsGroup())


def test_embeddings_in_three_dimensions(data):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    encoder = small().fit(data.x)
    assert encoder.plot_embedding(data.x, data.z2[:, 0]).name == "3d"
    assert encoder.plot_embedding(data.x, latents=[0, 2]).get_ylabel() == "latent 2"
    with pytest.raises(ValueError, match="two or three"):
        encoder.plot_embedding(data.x, latents=[0])


def test_ctrl_c_stops_maps_and_explanations(data, tanh, signals, ctrl_c):
    import time

    encoder = small(max_iterations=20).fit(data.x)
    rows = np.tile(data.x, (100, 1))

    class Slow(type(tanh)):
        def value_and_vjp(self, x, cotangent):
            time.sleep(0.02)
            return super().value_and_vjp(x, cotangent)

    for work in (
        lambda: encoder.attribution_map(rows, "shapley-sampling(permutations=2000)"),
        lambda: xcebra.CrossDomainIG(Slow(), rule="right:100000").attribute(signals),
        lambda: encoder.significance(data.x, data.z2, resamples=100000, blocks=10),
    ):
        ctrl_c(0.7)
        start = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            work()
        # within a second on an idle machine; tests run on busy ones
        assert time.perf_counter() - start < 5


def test_a_progress_bar(data, capsys):
    pytest.importorskip("tqdm")
    small(verbose=True, max_iterations=1500).fit(data.x)
    assert "fit" in capsys.readouterr().err
