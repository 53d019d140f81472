"""Writes small recordings with the libraries that people use, and what these read from them.

    python make_recorders.py

Needs mne, pybv, scipy, soundfile, wfdb, safetensors and pyarrow; the README names the versions. `expected.npz` holds
one array for each `FILE|ARRAY`.
"""

import pathlib

import mne
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pybv
import safetensors.numpy
import scipy.io
import soundfile
import wfdb

mne.set_log_level("error")
expected = {}
rng = np.random.default_rng(11)


def brainvision():
    data = rng.normal(scale=50e-6, size=(3, 200))
    events = [
        {"onset": 20, "duration": 5, "description": 1, "type": "Stimulus", "channels": "all"},
        {"onset": 90, "duration": 30, "description": "rest", "type": "Comment", "channels": "all"},
    ]
    for name, kind, resolution in (("floats", "binary_float32", 0.1), ("whole", "binary_int16", 0.5)):
        pybv.write_brainvision(
            data=data, sfreq=250, ch_names=["Fz", "C,z", "Pz"], fname_base=name, folder_out=".",
            events=events, resolution=resolution, unit="µV", fmt=kind, overwrite=True,
        )
        raw = mne.io.read_raw_brainvision(f"{name}.vhdr", preload=True)
        expected[f"{name}.vhdr|*"] = raw.get_data().T * 1e6


def eeglab():
    data = rng.normal(scale=20, size=(4, 150)).astype(np.float32)
    labels = ["Fp1", "Fp2", "O1", "O2"]
    chanlocs = np.array([(name,) for name in labels], dtype=[("labels", object)])
    event = np.array([("cue", 11.0, 0.0), ("go", 61.0, 5.0)], dtype=[("type", object), ("latency", object), ("duration", object)])
    fields = {
        "setname": "s", "nbchan": 4.0, "pnts": 150.0, "trials": 1.0, "srate": 128.0, "xmin": 0.0, "xmax": 149 / 128,
        "chanlocs": chanlocs, "event": event, "epoch": np.zeros((0, 0)), "icawinv": np.zeros((0, 0)),
        "icaweights": np.zeros((0, 0)), "icasphere": np.zeros((0, 0)), "icachansind": np.zeros((0, 0)),
        "urevent": np.zeros((0, 0)), "times": np.zeros((0, 0)), "history": "", "ref": "common",
    }
    scipy.io.savemat("within.set", {"EEG": {**fields, "data": data}}, appendmat=False, do_compression=True)
    data.T.tofile("beside.fdt")
    scipy.io.savemat("beside.set", {"EEG": {**fields, "data": "beside.fdt", "datfile": "beside.fdt"}}, appendmat=False)
    for name in ("within.set", "beside.set"):
        raw = mne.io.read_raw_eeglab(name, preload=True)
        assert raw.ch_names == labels and raw.info["sfreq"] == 128
        expected[f"{name}|*"] = raw.get_data().T * 1e6


def flac():
    for bits, channels in ((16, 2), (24, 1)):
        sound = rng.integers(-(2 ** (bits - 2)), 2 ** (bits - 2), size=(300, channels)) * 2.0 ** (1 - bits)
        name = f"sound{bits}.flac"
        soundfile.write(name, sound, 8000, subtype=f"PCM_{bits}")
        expected[f"{name}|*"] = soundfile.read(name, always_2d=True)[0]


def records():
    for kind in ("16", "212", "80", "24", "32"):
        size = {"16": 2**14, "212": 2**10, "80": 100, "24": 2**20, "32": 2**28}[kind]
        digital = rng.integers(-size, size, size=(151, 2))
        name = f"record{kind}"
        wfdb.wrsamp(
            name, fs=360, units=["mV", "bpm"], sig_name=["II", "HR"], d_signal=digital, fmt=[kind] * 2,
            adc_gain=[200.0, 50.0], baseline=[12, -3], comments=["made"],
        )
        expected[f"{name}.hea|*"] = wfdb.rdrecord(name).p_signal


def tensors():
    arrays = {"x": rng.normal(size=(6, 3)), "half": np.arange(4, dtype=np.float16), "u8": np.arange(6, dtype=np.uint8).reshape(2, 3),
              "b": np.array([True, False])}
    safetensors.numpy.save_file(arrays, "tensors.safetensors")
    for name in ("x", "u8", "b"):
        expected[f"tensors.safetensors|{name}"] = arrays[name]


def tables():
    rows = 70
    table = pa.table({
        "t": pa.array(np.arange(rows) * 0.02),
        "a": pa.array(rng.normal(size=rows)),
        "b": pa.array(rng.integers(-5, 5, size=rows), pa.int16()),
        "c": pa.array(rng.normal(size=rows).astype(np.float32)),
        "gap": pa.array([None if i % 7 == 0 else float(i) for i in range(rows)]),
        "word": pa.array(["rest" if i < 30 else "walk" for i in range(rows)]),
        "day": pa.array(np.datetime64("2026-01-01T00:00:00", "us") + np.arange(rows) * np.timedelta64(20000, "us")),
    })
    for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
        pa.parquet.write_table(table, f"{codec}.parquet", compression=codec, row_group_size=32)
    for codec in ("uncompressed", "lz4", "zstd"):
        pa.feather.write_feather(table, f"{codec}.feather", compression=codec)
    with pa.ipc.new_stream("stream.arrow", table.schema) as stream:
        stream.write_table(table)
    numbers = np.column_stack([table[name].to_numpy().astype(float) for name in ("a", "b", "c", "gap")])
    for path in [*pathlib.Path().glob("*.parquet"), *pathlib.Path().glob("*.feather"), pathlib.Path("stream.arrow")]:
        expected[f"{path}|a,b,c,gap"] = numbers


brainvision()
eeglab()
flac()
records()
tensors()
tables()
np.savez_compressed("expected.npz", **expected)
