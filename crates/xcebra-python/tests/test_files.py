"""Data files: `show`, `read`, and training on what they give."""

from pathlib import Path

import numpy as np
import pytest
import xcebra

DATA = Path(__file__).parents[2] / "xcebra-files/tests/data/containers"
SESSION = DATA / "session.nwb"
SIGNALS = DATA.parent / "signals"


def test_contents_are_listed():
    contents = xcebra.show(SESSION)
    names = [array["name"] for array in contents.arrays]
    assert "units" in names and any(name.endswith("position") for name in names)
    assert "units" in contents.recordings
    assert "could be a recording" in repr(contents)
    with pytest.raises(OSError, match=r"nowhere\.nwb"):
        xcebra.show("nowhere.nwb")


def test_bins_are_those_of_pynapple():
    found = xcebra.read(SESSION, bin="25ms", label="position", units="quality=good")
    expected = np.load(DATA / "clock.npz")
    kept = expected["good_x"].std(axis=0) > 0
    np.testing.assert_array_equal(found.x, expected["good_x"][:, kept])
    np.testing.assert_allclose(found.t, expected["good_t"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.labels["position"], expected["good_position"], rtol=0, atol=1e-12)
    assert found.breaks == [140] and found.segments == [slice(0, 140), slice(140, len(found))]
    assert len(found.channels) == found.shape[1] and found.notes
    seconds = xcebra.read(SESSION, bin=0.025, label={"where": "position"}, units="quality=good")
    np.testing.assert_array_equal(seconds.x, found.x)
    np.testing.assert_array_equal(seconds.labels["where"], found.labels["position"])


@pytest.mark.filterwarnings("ignore:array `X` is in 2 segments")
def test_what_was_read_is_trained_on():
    found = xcebra.read(SESSION, bin="25ms", label="position")
    options = {"output_dimension": 2, "max_iterations": 20, "batch_size": 32}
    encoder = xcebra.XCEBRA(**options).fit(found)
    assert list(encoder.feature_names_in_) == found.channels
    embedding = encoder.transform(found)
    assert embedding.shape == (len(found), 2)
    # the labels are those of the recording
    given = xcebra.XCEBRA(**options).fit(found, found.labels)
    np.testing.assert_array_equal(embedding, given.transform(found))
    without = xcebra.XCEBRA(**options, conditional="time").fit(found)
    assert not np.array_equal(embedding, without.transform(found))
    # no window crosses the gap: rows far from it do not know of it, rows at it are as at an end
    wide = xcebra.XCEBRA(model_architecture="offset10-model", **options).fit(found)
    first = xcebra.Recording(found.x[:140], channels=found.channels)
    np.testing.assert_array_equal(wide.transform(found)[:140], wide.transform(first))
    whole = xcebra.Recording(found.x, channels=found.channels)
    assert not np.array_equal(wide.transform(found), wide.transform(whole))
    assert encoder.attribution_map(found).values.shape == (found.shape[1], 2)
    assert np.isfinite(encoder.score(found))


def test_a_gap_is_told_by_whoever_trains_across_it():
    found = xcebra.read(SESSION, bin="25ms")
    with pytest.warns(xcebra.XcebraWarning, match="2 segments"):
        xcebra.XCEBRA(output_dimension=2, max_iterations=2, batch_size=32).fit(found)


def test_arrays_come_as_they_are(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 9, (50, 3), dtype=np.uint8)
    side = rng.integers(0, 2, 50)
    np.savez(tmp_path / "a.npz", x=x, side=side)
    found = xcebra.read(tmp_path / "a.npz", label="side")
    assert found.x.dtype == np.uint8
    np.testing.assert_array_equal(found.x, x)
    np.testing.assert_array_equal(found.labels["side"], side)
    assert found.t is None and found.breaks == []
    np.testing.assert_array_equal(np.asarray(found), x)
    np.testing.assert_array_equal(xcebra.read(f"{tmp_path / 'a.npz'}:side").x, side)
    with pytest.raises((OSError, ValueError), match="`x`, `side`"):
        xcebra.read(f"{tmp_path / 'a.npz'}:y")


def test_choices_of_bins_need_bins(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.eye(3))
    for given in (
        {"smooth": "50ms"},
        {"units": "quality=good"},
        {"epochs": "trials"},
        {"missing": "refuse"},
        {"constant": "refuse"},
        {"angles": "direction"},
        {"classes": ["side"]},
    ):
        (name,) = given
        with pytest.raises(ValueError, match=f'^{name} needs bins: pass bin as well, such as bin="25ms"$'):
            xcebra.read(tmp_path / "a.npz", **given)
    with pytest.raises(ValueError, match="^smooth and missing need bins: "):
        xcebra.read(tmp_path / "a.npz", smooth=0.05, missing="refuse")
    # as without them
    assert xcebra.read(tmp_path / "a.npz", missing="cut", constant="drop", classes=[]).shape == (3, 3)
    with pytest.raises(TypeError, match="progress"):
        xcebra.read(tmp_path / "a.npz", progress=True)


def test_bad_choices_are_named():
    with pytest.raises((OSError, ValueError), match="velocity"):
        xcebra.read(SESSION, bin="25ms", label="velocity")
    with pytest.raises((OSError, ValueError), match="quality"):
        xcebra.read(SESSION, bin="25ms", units="quality=excellent")
    with pytest.raises((OSError, ValueError), match="bin"):
        xcebra.read(SESSION, bin="0ms")
    with pytest.raises(ValueError, match="`units` of .* holds spike times, which need bins; pass the length"):
        xcebra.read(SESSION)
    for name in ("missing", "constant", "units", "epochs"):
        with pytest.raises(ValueError, match=f"^{name} is text, not 0.2$"):
            xcebra.read(SESSION, bin="25ms", **{name: 0.2})


def test_times_come_from_the_file():
    position = xcebra.read(f"{SESSION}:position")
    assert position.shape == (380, 2)
    np.testing.assert_allclose(position.t[[0, -1]], [0.013, 9.7154], atol=1e-4)
    lfp = xcebra.read(f"{SESSION}:lfp")
    np.testing.assert_allclose(lfp.t, 2 + np.arange(4000) / 1000, rtol=0, atol=1e-9)


def test_labels_of_other_files(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(12.0).reshape(6, 2))
    (tmp_path / "b.csv").write_text("side,pos\n" + "".join(f"{side},{i}\n" for i, side in enumerate("llrrlr")))
    label = {"side": f"{tmp_path / 'b.csv'}:side", "pos": f"{tmp_path / 'b.csv'}:pos"}
    found = xcebra.read(tmp_path / "a.npz", label=label)
    assert found.labels["side"].tolist() == list("llrrlr")
    np.testing.assert_array_equal(found.labels["pos"], np.arange(6))


def test_annotations_of_another_file(tmp_path):
    label = f"stage={SIGNALS / 'hypnogram.edf'}:annotations"
    letters = lambda found: "".join(stage[-1] for stage in found.labels["stage"])  # noqa: E731
    # the hypnogram begins 2 s after the recording, which has 8 rows a second
    night = xcebra.read(f"{SIGNALS / 'pyedflib.edf'}:Temp", label=label)
    assert letters(night) == "e" * 16 + "W" * 16 + "2" * 24 + "R" * 8
    assert any("moved by 2 s" in note for note in night.notes)
    # a table tells when its rows were measured, but not on which day
    (tmp_path / "a.csv").write_text("t,temp\n" + "".join(f"{i / 8},{i % 5}\n" for i in range(64)))
    table = xcebra.read(tmp_path / "a.csv", label=label)
    assert letters(table) == "W" * 16 + "2" * 24 + "R" * 24
    np.testing.assert_allclose(table.t, np.arange(64) / 8, rtol=0, atol=1e-12)
    assert table.shape == (64, 1) and table.fs == 8
