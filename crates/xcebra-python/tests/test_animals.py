"""Sessions of several animals in one estimator, and what is done around a training."""

import json
import pickle

import numpy as np
import pytest

import xcebra


def trained(sessions, labels, **arguments):
    defaults = dict(output_dimension=3, max_iterations=60, batch_size=64, learning_rate=3e-3, conditional="time_delta")
    return xcebra.XCEBRA(**(defaults | arguments)).fit(sessions, labels)


@pytest.fixture(scope="module")
def animals():
    """Three animals that see other channels of one process at other times, and the label of each."""
    data = xcebra.synth.dataset(latents=4, samples=1500, seed=5)
    parts = [data.x[:500, :20], data.x[500:1000, 20:45], data.x[1000:, 5:35]]
    return parts, [data.z2[:500], data.z2[500:1000], data.z2[1000:]]


@pytest.fixture(scope="module")
def two(animals):
    x, z = animals
    return trained(x[:2], z[:2])


def test_each_animal_has_its_encoder(animals, two):
    x, _ = animals
    assert two.n_features_in_ == [20, 25]
    embedded = two.transform(x[:2])
    assert [e.shape for e in embedded] == [(500, 3), (500, 3)]
    for session in (0, 1):
        assert np.array_equal(embedded[session], two.transform(x[session], session_id=session))
        assert two.attribution_map(x[session], session_id=session).values.shape == (x[session].shape[1], 3)
    with pytest.raises(ValueError, match="session_id"):
        two.transform(x[0])
    with pytest.raises(ValueError, match="session_id is 2"):
        two.transform(x[0], session_id=2)
    with pytest.raises(ValueError, match="20"):
        two.transform(x[0], session_id=1)
    assert len(two.diagnostics_["subjects"]) == 2 and two.verdict_[1].startswith("Subject 1:")


def test_scores_and_tests_know_the_session(animals, two):
    x, z = animals
    scores = [two.score(x[k], z[k], session_id=k) for k in (0, 1)]
    assert two.score(x[:2], z[:2]) == pytest.approx(np.mean(scores), abs=1e-12)
    tested = two.significance(x[1], session_id=1, resamples=10)
    assert tested.verdicts.shape == (25, 3)
    with pytest.raises(ValueError, match="leave y out"):
        two.significance(x[1], z[1], session_id=1)


def test_folders_and_pickles_hold_all_animals(animals, two, tmp_path):
    x, _ = animals
    two.save(tmp_path / "run")
    expected = two.transform(x[1], session_id=1)
    loaded = xcebra.XCEBRA.load(tmp_path / "run")
    for again in (loaded, pickle.loads(pickle.dumps(two)), pickle.loads(pickle.dumps(loaded))):
        assert np.array_equal(again.transform(x[1], session_id=1), expected)
    loaded.save(tmp_path / "again")
    assert np.array_equal(xcebra.XCEBRA.load(tmp_path / "again").transform(x[1], session_id=1), expected)
    with pytest.raises(ValueError, match="not here"):
        loaded.adapt(x[0])


def test_a_new_animal_leaves_the_others_as_they_are(animals, two):
    x, z = animals
    before = two.transform(x[:2])
    three = two.adapt(x[2], z[2])
    assert three.n_features_in_ == [20, 25, 30] and two.n_features_in_ == [20, 25]
    for session in (0, 1):
        assert np.array_equal(before[session], three.transform(x[session], session_id=session))
    assert three.transform(x[2], session_id=2).shape == (500, 3)
    mean, least = three.basis_["y"]
    assert least <= mean <= 1 and two.basis_ is None
    assert any("basis" in sentence for sentence in three.verdict_)
    with pytest.raises(ValueError, match="labels"):
        two.adapt(x[2])


def test_training_goes_on(animals):
    x, z = animals
    once = trained(x[0], z[0], max_iterations=40)
    first = once.transform(x[0])
    once.partial_fit()
    assert not np.array_equal(first, once.transform(x[0]))
    # the scales of the channels are those of the first training
    named = trained(x[0], z[0], max_iterations=40).partial_fit(x[0], z[0])
    assert np.array_equal(named.transform(x[0]), once.transform(x[0]))
    with pytest.raises(ValueError, match="features|channels"):
        named.partial_fit(x[1], z[1])
    both = trained(x[:2], z[:2], max_iterations=20).partial_fit()
    assert both.n_features_in_ == [20, 25]


def test_training_goes_on_with_all_settings_of_a_folder(animals, tmp_path):
    x, z = animals
    settings = {
        "encoder": {"shared": "trunk"},
        "regularizer": {"projections": 2},
        "train": {"schedule": "cosine", "log_every": 7},
        "validation": {"blocks": 4},
    }
    fitted = trained(x[:2], z[:2], max_iterations=20, temperature=0.5, settings=settings)
    fitted.save(tmp_path / "run")
    loaded = xcebra.XCEBRA.load(tmp_path / "run")
    for one in (fitted, loaded):
        one.partial_fit(x[:2], z[:2])
    assert json.loads(loaded.state_dict_.settings) == json.loads(fitted.state_dict_.settings)
    for session in (0, 1):
        embedded = [one.transform(x[session], session_id=session) for one in (fitted, loaded)]
        assert np.array_equal(*embedded)


def test_seeds_are_not_compared_where_training_went_on(animals, two):
    x, z = animals
    for gone_on in (two.adapt(x[2], z[2]), trained(x[0], z[0], max_iterations=20).partial_fit()):
        with pytest.raises(ValueError, match="earlier training"):
            gone_on.compare_seeds(2)


def test_channels_of_another_order_or_name_are_refused(animals):
    pandas = pytest.importorskip("pandas")
    x, z = animals
    frame = pandas.DataFrame(x[0][:, :3], columns=["u", "v", "w"])
    own = trained([frame, frame], [z[0], z[0]], max_iterations=20)
    turned = frame[["v", "u", "w"]]
    for sessions in ([turned, frame], [frame, turned]):
        with pytest.raises(ValueError, match="another order"):
            own.partial_fit(sessions, [z[0], z[0]])


def test_sessions_of_one_channel_set_can_be_told_apart(animals):
    x, z = animals
    halves, labels = [x[0][:250], x[0][250:]], [z[0][:250], z[0][250:]]
    assert trained(halves, labels).state_dict_.subjects == [0, 0]
    own = trained(halves, labels, settings={"data": {"subjects": "sessions"}})
    assert own.state_dict_.subjects == [0, 1] and own.n_features_in_ == 20
    found = [own.transform(halves[0], session_id=k) for k in (0, 1)]
    assert not np.array_equal(*found)


def test_decode_is_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    neighbors = pytest.importorskip("sklearn.neighbors")
    selection = pytest.importorskip("sklearn.model_selection")
    random = np.random.default_rng(3)
    x = random.normal(size=(203, 4))
    y = x @ random.normal(size=(4, 2)) + 0.3 * random.normal(size=(203, 2))
    classes = np.digitize(y[:, 0], [-0.5, 0.5]) + 4
    folds = selection.KFold(5)
    for name, model, arguments in [
        ("ridge", linear.Ridge(alpha=2.0, solver="svd"), {"alpha": 2.0}),
        ("lasso", linear.Lasso(alpha=0.1, tol=1e-15, max_iter=10**6), {"alpha": 0.1}),
        ("knn", neighbors.KNeighborsRegressor(7), {"n_neighbors": 7}),
    ]:
        found = xcebra.decode(x, y, name, **arguments)
        expected = selection.cross_val_predict(model, x, y, cv=folds)
        # both sides iterate or factor on their own way
        assert np.abs(found.values - expected).max() < 1e-8, name
        assert np.array_equal(found.samples, np.arange(203))
    for name, model, arguments in [
        ("logistic", linear.LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-12), {"C": 0.5}),
        ("knn", neighbors.KNeighborsClassifier(5), {"n_neighbors": 5}),
    ]:
        found = xcebra.decode(x, classes, name, **arguments)
        assert np.array_equal(found.values, selection.cross_val_predict(model, x, classes, cv=folds)), name
    text = xcebra.decode(x, [f"state {k}" for k in classes], "logistic", shuffles=19)
    assert text.values[0].startswith("state ") and text.shuffles["above_chance"]
    with pytest.raises(ValueError, match="pass one of knn"):
        xcebra.decode(x, y, "forest")


def test_compare():
    turn = np.array([[0.0, 1.0], [-2.0, 0.5]])
    a = np.sin(np.arange(400)[:, None] / [37.0, 41.0])
    found = xcebra.compare({"a": a, "b": a @ turn})
    assert found.names == ["a", "b"] and found.least > 1 - 1e-12 and 0 < found.disparity[0, 1] < 1
    assert "<svg" in found.report()
    label = np.linspace(0, 1, 400)
    shorter = xcebra.compare([a, (a @ turn)[::2]], [label, label[::2]], bins=20)
    # bins are brought to length 1, after which a linear image is one only nearly
    assert 0.95 < shorter.least < 1
    grouped = xcebra.compare([a, a @ turn, a], groups=["one", "one", "two"])
    assert [pair[:2] for pair in grouped.between_groups] == [("one", "two"), ("two", "one")]
    with pytest.raises(ValueError, match="samples"):
        xcebra.compare([a, a[:100]])
    with pytest.raises(ValueError, match="2 embeddings and 1 labels"):
        xcebra.compare([a, a], [label])


def test_search(animals, tmp_path):
    x, z = animals
    base = xcebra.XCEBRA(max_iterations=30, batch_size=32, learning_rate=3e-3, held_out=0.2)
    grid = {"encoder.outputs": [2, 3], "train.schedule": ["constant", "cosine"]}
    found = xcebra.search(base, grid, x[:2], z[:2], out=tmp_path / "s", progress=False)
    fits = [run["fit"] for run in found.runs]
    assert len(fits) == 4 and found.best == found.runs[int(np.argmax(fits))]["folder"]
    assert found.load().transform(x[1], session_id=1).shape == (500, int(np.argmax(fits) // 2 + 2))
    before = (tmp_path / "s/0000/model.safetensors").stat().st_mtime_ns
    again = xcebra.search(base, grid, x[:2], z[:2], out=tmp_path / "s", progress=False)
    assert again.runs == found.runs
    assert (tmp_path / "s/0000/model.safetensors").stat().st_mtime_ns == before
    with pytest.warns(xcebra.XcebraWarning, match="a fifth of the samples"):
        nothing_held_out = xcebra.XCEBRA(max_iterations=5, batch_size=32)
        xcebra.search(nothing_held_out, {"train.seed": [1]}, x[0], out=tmp_path / "t", progress=False)
    with pytest.raises(ValueError, match="different settings or data"):
        xcebra.search(base, grid, x[:2], [label + 1 for label in z[:2]], out=tmp_path / "s", progress=False)


def test_a_decoder_of_one_animal_reads_another():
    linear_model = pytest.importorskip("sklearn.linear_model")
    neighbors = pytest.importorskip("sklearn.neighbors")
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(80, 3)), rng.normal(size=(60, 3)) + 0.2
    labels = [z @ np.array([[1.0, 0.5], [-2.0, 0.1], [0.3, 1.0]]) + 0.3 * rng.normal(size=(len(z), 2)) for z in (first, second)]
    for name, arguments, model in (
        ("ridge", {"alpha": 2.0}, linear_model.Ridge(alpha=2.0, solver="svd")),
        ("knn", {"n_neighbors": 5}, neighbors.KNeighborsRegressor(5)),
    ):
        found = xcebra.decode(second, labels[1], name, fit_on=(first, labels[0]), **arguments)
        expected = model.fit(first, labels[0]).predict(second)
        assert np.abs(found.values - expected).max() < 1e-8
        assert np.array_equal(found.samples, np.arange(60))
    states = [["run" if z[0] > 0 else "rest" for z in part] for part in (first, second)]
    found = xcebra.decode(second, states[1], "logistic", fit_on=(first, states[0]), shuffles=19)
    assert set(found.values) <= {"run", "rest"} and found.scores["accuracy"] > 0.9 and found.shuffles["above_chance"]
    with pytest.raises(ValueError, match="fit_on"):
        xcebra.decode(second, labels[1], fit_on=first)
    with pytest.raises(ValueError, match="leave blocks"):
        xcebra.decode(second, labels[1], fit_on=(first, labels[0]), blocks=3)
    with pytest.raises(ValueError, match="columns"):
        xcebra.decode(second, labels[1], fit_on=(first[:, :2], labels[0]))


def test_chance(animals):
    x, z = animals
    encoder = trained(x[0], z[0])
    found = encoder.chance(trainings=2)
    assert found.unit == "bits" and len(found.shuffled) == 2 and "At least 19" in found.sentence
    assert found.report().startswith("<!")
    channels = encoder.chance("channels", trainings=1, blocks=10)
    assert channels.score == found.score and channels.shuffled[0] != found.shuffled[0]
    with pytest.raises(ValueError, match="shuffle"):
        encoder.chance("neurons")
    with pytest.raises(ValueError, match="train from the start"):
        encoder.partial_fit().chance(trainings=1)
