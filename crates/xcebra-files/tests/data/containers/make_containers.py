"""Writes small HDF5, NWB and MATLAB files with the libraries that people use, and what these read from them.

    python make_containers.py

Needs h5py, pandas, tables, pynwb, scipy, hdf5storage and mat73; the README names the versions. `expected.npz` holds one array for each `FILE|ARRAY`.
"""

import datetime
import pathlib
import warnings

import h5py
import hdf5storage
import numpy as np
import pandas as pd
import scipy.io
import mat73
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.behavior import BehavioralTimeSeries, CompassDirection, Position, SpatialSeries
from pynwb.ecephys import ElectricalSeries

warnings.filterwarnings("ignore")
expected = {}
rng = np.random.default_rng(7)


def expect(file, name, values):
    values = np.asarray(values)
    # 16-bit floats are widened: the reader of expected.npz refuses them
    expected[f"{file}|{name}"] = values.astype(np.float32) if values.dtype == np.float16 else values


def hdf5(file, libver):
    arrays = {
        "x": rng.normal(size=(40, 3)),
        "deep/er/y": rng.integers(-9, 9, size=(40,)).astype(np.int16),
        "deep/u8": rng.integers(0, 255, size=(7, 2)).astype(np.uint8),
        "deep/u64": np.array([1, 2**40], dtype=np.uint64),
        "big": rng.normal(size=(5, 2)).astype(">f4"),
        "half": np.array([0.0, -1.5, 65504.0, 6e-8, np.inf, 0.333], dtype=np.float16),
        "truth": np.array([True, False, True]),
        "cube": rng.normal(size=(3, 4, 2)),
    }
    with h5py.File(file, "w", libver=libver) as h:
        for name, values in arrays.items():
            h[name] = values
        chunked = rng.integers(0, 4, size=(300, 5)).astype(np.uint8)
        h.create_dataset("gzip", data=chunked, chunks=(64, 2), compression="gzip", shuffle=True, fletcher32=True)
        h.create_dataset("lzf", data=chunked, chunks=(64, 5), compression="lzf", shuffle=True)
        h.create_dataset("grown", data=chunked, chunks=(32, 5), maxshape=(None, 5))
        for name in ("gzip", "lzf", "grown"):
            arrays[name] = chunked
        h["soft"] = h5py.SoftLink("/deep/er/y")
        h["dangling"] = h5py.SoftLink("/nowhere")
        h["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        arrays["soft"] = arrays["deep/er/y"]
        h["words"] = np.array(["rest", "walk", "rest"], dtype=object)
        h["fixed"] = np.array([b"ab", b"c"])
        h["complex"] = np.array([1 + 2j])
        h["none"] = h5py.Empty("f4")
        h["records"] = np.array([(1.5, 2), (2.5, 3)], dtype=[("v", "<f8"), ("n", "<i2")])
        h["x"].attrs["unit"] = "mV"
        arrays["records/v"] = np.array([1.5, 2.5])
        arrays["records/n"] = np.array([2, 3])
    for name, values in arrays.items():
        expect(file, name, values)


def pandas_tables():
    frame = pd.DataFrame(rng.normal(size=(9, 3)), columns=["b", "a", "c"])
    frame["k"] = np.arange(9)
    frame.to_hdf("pandas_fixed.h5", key="runs/df", mode="w")
    expect("pandas_fixed.h5", "runs/df", frame.to_numpy(float))
    frame.to_hdf("pandas_table.h5", key="df", format="table", mode="w", data_columns=["a"], index=False)
    expect("pandas_table.h5", "df", pd.read_hdf("pandas_table.h5").to_numpy(float))
    levels = [["scorerX"], ["nose", "tail"], ["x", "y", "likelihood"]]
    columns = pd.MultiIndex.from_product(levels, names=["scorer", "bodyparts", "coords"])
    pose = pd.DataFrame(rng.normal(size=(8, 6)), columns=columns)
    pose.to_hdf("deeplabcut.h5", key="df_with_missing", format="table", mode="w", index=False)
    expect("deeplabcut.h5", "df_with_missing", pose.to_numpy())
    expect("deeplabcut.h5", "df_with_missing:nose.*,!*likelihood", pose["scorerX"]["nose"][["x", "y"]].to_numpy())
    pose.to_hdf("deeplabcut_fixed.h5", key="tracks", format="fixed", mode="w")
    expect("deeplabcut_fixed.h5", "tracks", pose.to_numpy())


def nwb():
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    session = NWBFile("a session", "xcebra", start)
    session.add_unit_column("quality", "how well it is isolated")
    session.add_unit_column("region", "where it is")
    for unit in range(6):
        count = [40, 0, 300, 25, 60, 9][unit]
        spikes = np.sort(rng.uniform(0.2, 9.9, size=count))
        session.add_unit(
            spike_times=spikes,
            obs_intervals=[[0.5, 9.5]] if unit else [[0.0, 4.0], [4.5, 10.0]],
            quality=["good", "bad"][unit % 2],
            region=["CA1", "CA3"][unit // 3],
        )
        expect("session.nwb", f"spikes{unit}", spikes)
    device = session.create_device(name="probe")
    group = session.create_electrode_group(name="g", description="d", location="l", device=device)
    for _ in range(3):
        session.add_electrode(group=group, location="CA1")
    region = session.create_electrode_table_region([0, 1, 2], "all")
    counts = rng.integers(-3000, 3000, size=(4000, 3)).astype(np.int16)
    gains = np.array([1.0, 2.0, 0.5])
    session.add_acquisition(
        ElectricalSeries(
            "lfp", counts, region, starting_time=2.0, rate=1000.0, conversion=2e-6, offset=1e-3, channel_conversion=gains
        )
    )
    expect("session.nwb", "lfp", counts * (2e-6 * gains) + 1e-3)
    times = 0.013 + np.arange(380) * 0.0256
    xy = np.cumsum(rng.normal(size=(380, 2)), axis=0)
    behaviour = session.create_processing_module("behavior", "behaviour")
    place = SpatialSeries("position", xy, timestamps=times, reference_frame="corner", unit="m", conversion=0.01)
    behaviour.add(Position(spatial_series=place))
    expect("session.nwb", "position", xy * 0.01)
    expect("session.nwb", "position@", times)
    angle = np.mod(np.cumsum(rng.normal(scale=0.3, size=380)), 2 * np.pi)
    direction = SpatialSeries("direction", angle, timestamps=place, reference_frame="north", unit="radians")
    behaviour.add(CompassDirection(spatial_series=direction))
    expect("session.nwb", "direction", angle)
    speed = TimeSeries("speed", np.abs(rng.normal(size=100)).astype(np.float32), unit="m/s", rate=10.0, starting_time=0.25)
    behaviour.add(BehavioralTimeSeries(time_series=speed))
    expect("session.nwb", "speed", speed.data)
    session.add_trial_column("side", "left or right")
    for trial in range(4):
        session.add_trial(start_time=0.5 + 2 * trial, stop_time=2.0 + 2 * trial, side=["left", "right"][trial % 2])
    expect("session.nwb", "trials", session.trials.to_dataframe()[["start_time", "stop_time"]].to_numpy())
    with NWBHDF5IO("session.nwb", "w") as io:
        io.write(session, cache_spec=False)


def matlab():
    values = {
        "x": rng.normal(size=(30, 4)),
        "x32": rng.normal(size=(5, 3)).astype(np.float32),
        "xi": rng.integers(-99, 99, size=(6, 2)).astype(np.int32),
        "u8": rng.integers(0, 255, size=(9, 3)).astype(np.uint8),
        "logical": np.array([[True, False], [True, True]]),
        "row": np.arange(5.0).reshape(1, 5),
        "column": np.arange(4.0).reshape(4, 1),
        "cube": rng.normal(size=(2, 3, 4)),
        "empty": np.zeros((0, 3)),
        "name": "größe",
        "complex": np.array([[1 + 2j]]),
        "words": np.array(["go", "stop", "go"], dtype=object).reshape(3, 1),
        "s": {"a": rng.normal(size=(3, 2)), "inner": {"b": np.arange(6).reshape(2, 3).astype(np.int16)}},
    }
    cell = np.empty((1, 2), dtype=object)
    cell[0, 0], cell[0, 1] = np.arange(3.0).reshape(3, 1), rng.normal(size=(2, 2))
    values["c"] = cell
    many = np.empty((1, 2), dtype=[("t", object), ("n", object)])
    many[0, 0], many[0, 1] = (np.eye(2), "one"), (2 * np.eye(2), "two")
    values["many"] = many
    for file, compressed in (("v6.mat", False), ("v7.mat", True)):
        scipy.io.savemat(file, values, do_compression=compressed)
        read = scipy.io.loadmat(file)
        expect_matlab(file, read, read["s"][0, 0]["a"], read["s"][0, 0]["inner"][0, 0]["b"])
        expect(file, "many(2).t", 2 * np.eye(2))
    del values["many"]
    pathlib.Path("v73.mat").unlink(missing_ok=True)
    hdf5storage.savemat("v73.mat", values, format="7.3", oned_as="column", store_python_metadata=False)
    read = mat73.loadmat("v73.mat")
    expect_matlab("v73.mat", read, read["s"]["a"], read["s"]["inner"]["b"])
    scipy.io.savemat("v4.mat", {"x": values["x"]}, format="4")


def expect_matlab(file, read, a, b):
    for name in ("x", "x32", "xi", "u8", "logical", "cube"):
        expect(file, name, read[name])
    expect(file, "row", np.arange(5.0))
    expect(file, "column", np.arange(4.0))
    expect(file, "s.a", a)
    expect(file, "s/inner/b", b)
    expect(file, "inner.b", b)
    expect(file, "c{1}", np.arange(3.0))
    cell = np.asarray(read["c"][1] if isinstance(read["c"], list) else np.ravel(read["c"])[1])
    expect(file, "c{2}", cell)


hdf5("earliest.h5", "earliest")
hdf5("latest.h5", "latest")
pandas_tables()
nwb()
matlab()
np.savez_compressed("expected.npz", **expected)
