"""Kinds of arrays that files of other people had, small: the tests know the numbers.

    python make_kinds.py

Needs h5py, pandas, tables, pyarrow and pynwb; the README names the versions.
"""

import decimal
from datetime import datetime, timezone

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pynwb import NWBHDF5IO, NWBFile, TimeSeries

x = np.arange(12.0).reshape(6, 2) / 4

# links to other files, a data set whose values are elsewhere, a data set without a shape
with h5py.File("kinds_beside.h5", "w") as h:
    h["deep/y"] = x + 100
with h5py.File("kinds_links.h5", "w") as h:
    h["x"] = x
    h["linked"] = h5py.ExternalLink("kinds_beside.h5", "/deep/y")
    h["group"] = h5py.ExternalLink("kinds_beside.h5", "/deep")
    h["gone"] = h5py.ExternalLink("kinds_gone.h5", "/y")
    h["outside"] = h5py.ExternalLink("../kinds_beside.h5", "/deep/y")
with h5py.File("kinds.h5", "w") as h:
    h["x"] = x
    h.create_dataset("empty", data=h5py.Empty("f8"))
    layout = h5py.VirtualLayout(shape=(6, 2), dtype="f8")
    layout[:] = h5py.VirtualSource("kinds_beside.h5", "deep/y", shape=(6, 2))
    h.create_virtual_dataset("virtual", layout)

# a series of pandas in both formats
speed = pd.Series(np.arange(8.0) / 2, name="speed")
speed.to_hdf("kinds_series.h5", key="fixed", mode="w")
speed.to_hdf("kinds_series.h5", key="table", format="table", mode="a")

# columns of Parquet with an index of pandas
n = 50
index = pd.date_range("2024-03-01 12:00:00.123456789", periods=n, freq="20ms", tz="Europe/Berlin", name="when")
frame = pd.DataFrame({"a": np.arange(n) / 8, "b": np.arange(n) % 7}, index=index)
table = pa.Table.from_pandas(frame)
table = table.append_column("half", pa.array((np.arange(n) / 16).astype("f2")))
table = table.append_column("price", pa.array([decimal.Decimal(i) / 10 for i in range(n)], pa.decimal128(10, 2)))
lists = [[i / 2, -i / 2, 1.0] if i != 3 else None for i in range(n)]
table = table.append_column("list", pa.array(lists, pa.list_(pa.float32())))
table = table.append_column("fixed", pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2 * n)), 2))
table = table.append_column("uneven", pa.array([[1] * (1 + i % 2) for i in range(n)]))
table = table.append_column("clock", pa.array([i * 250_000 for i in range(n)], pa.time64("us")))
table = table.append_column("nothing", pa.nulls(n))
pq.write_table(table, "kinds.parquet", compression="snappy", row_group_size=16)
pd.DataFrame({"a": np.arange(n) / 8}, index=np.arange(n) * 3 + 7).to_parquet("kinds_index.parquet")
pq.write_table(pa.table({"a": np.arange(n) / 8}), "kinds_brotli.parquet", compression="brotli")

# poses of two animals as DeepLabCut writes them
parts = [["DLC_resnet50"], ["m1", "m2"], ["nose", "tail"], ["x", "y", "likelihood"]]
names = ["scorer", "individuals", "bodyparts", "coords"]
columns = pd.MultiIndex.from_product(parts, names=names)
pose = pd.DataFrame(np.arange(60.0).reshape(5, 12), columns=columns)
pose.iloc[2, 0] = np.nan
pose.to_csv("../tables/deeplabcut_animals.csv")
one = pose.xs("m1", axis=1, level="individuals")
one.to_csv("../tables/deeplabcut.csv")

# sessions of NWB: units without spike times; a series whose values and times are in another file
def session():
    return NWBFile("kinds", "kinds", datetime(2024, 1, 1, tzinfo=timezone.utc))


times = np.arange(20) * 0.02
nwb = session()
nwb.add_unit_column("quality", "of the unit")
nwb.add_unit(quality="good")
nwb.add_acquisition(TimeSeries("run", data=np.cos(times), unit="cm/s", timestamps=times))
words = ["rest"] * 10 + ["walk"] * 10
nwb.add_acquisition(TimeSeries("state", data=words, unit="n/a", rate=50.0, starting_time=0.0))
with NWBHDF5IO("kinds_spikeless.nwb", "w") as io:
    io.write(nwb, cache_spec=False)
with NWBHDF5IO("kinds_spikeless.nwb", "r") as first:
    run = first.read().acquisition["run"]
    nwb = session()
    nwb.add_acquisition(TimeSeries("linked", data=run.data, unit="cm/s", timestamps=run.timestamps))
    nwb.add_unit(spike_times=np.arange(40) / 100)
    with NWBHDF5IO("kinds_linked.nwb", "w", manager=first.manager) as io:
        io.write(nwb, link_data=True, cache_spec=False)
