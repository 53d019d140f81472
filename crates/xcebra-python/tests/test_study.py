"""Work in pieces, planned and gathered from Python."""

import numpy as np
import pytest

import xcebra

SETTINGS = {"encoder": {"outputs": 2}, "train": {"steps": 20, "batch": 32}, "regularizer": {"start": 5, "ramp": 5}}


@pytest.fixture
def place(tmp_path):
    t = np.arange(200.0)[:, None]
    np.savez(tmp_path / "data.npz", x=np.sin(0.07 * t * np.arange(1, 5)) + 0.2 * np.cos(1.3 * t + np.arange(4)))
    return tmp_path


def test_seeds_in_pieces(place):
    planned = xcebra.study.plan_fit(place / "data.npz", place / "study", settings=SETTINGS, seeds=2)
    assert planned["pieces"] == 2
    assert xcebra.study.run(place / "study", 1)["finished"] == [1]
    with pytest.raises(Exception, match="1 of 2 pieces are missing: 0"):
        xcebra.study.gather(place / "study", place / "run")
    assert xcebra.study.run(place / "study")["finished"] == [0]
    assert xcebra.study.status(place / "study")["done"] == 2
    xcebra.study.gather(place / "study", place / "run")
    tested = xcebra.study.plan_significance(place / "run", place / "data.npz", place / "test", trainings=10, blocks=10)
    assert tested["pieces"] == 10


def test_a_search_in_pieces(place):
    grid = {"encoder.outputs": [2, 3]}
    settings = {**SETTINGS, "validation": {"held_out": 0.2}}
    planned = xcebra.study.plan_search(grid, place / "data.npz", place / "study", settings=settings)
    assert planned["command"] == "search"
    assert xcebra.study.run(place / "study", n_threads=2)["finished"] == [0, 1]
    found = xcebra.study.gather(place / "study", place / "search")
    assert len(found["runs"]) == 2


def test_maps_an_embedding_and_an_explanation_in_pieces(place):
    xcebra.study.plan_fit(place / "data.npz", place / "fit", settings=SETTINGS)
    xcebra.study.run(place / "fit")
    xcebra.study.gather(place / "fit", place / "run")
    model, data = place / "run", place / "data.npz"
    plans = {
        "attribute": lambda out: xcebra.study.plan_attribute(model, data, out, method="ing,neuron-gradient"),
        "embed": lambda out: xcebra.study.plan_embed(model, data, out, edges="drop"),
        "explain": lambda out: xcebra.study.plan_explain(
            model, data, out, domain="time", output="all", signals=[0, 5, 6], group_by="predicted", pieces=2
        ),
    }
    for command, plan in plans.items():
        planned = plan(place / command)
        assert planned["command"] == command
        assert planned["pieces"] == (2 if command == "explain" else 1)
        xcebra.study.run(place / command)
        xcebra.study.gather(place / command, place / f"{command}.npz", report=place / f"{command}.html")
        assert (place / f"{command}.html").read_text().startswith("<!DOCTYPE html>")
    assert np.load(place / "explain.npz")["attribution"].shape[:2] == (3, 2)
    assert np.load(place / "embed.npz")["embedding"].shape == (200, 2)
    assert np.load(place / "attribute.npz")["ing"].shape == (4, 2)
    with pytest.raises(ValueError, match="edges"):
        xcebra.study.plan_embed(model, data, place / "other", edges="none")
    with pytest.raises(Exception, match="report"):
        xcebra.study.gather(place / "fit", place / "again", report=place / "fit.html")
