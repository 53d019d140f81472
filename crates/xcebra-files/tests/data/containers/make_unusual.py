"""Writes `unusual.h5`: enumerations of all integers in both orders of bytes, and a label without a text.

    python make_unusual.py

Needs h5py; the README names the version. The tests know the numbers.
"""

import h5py
import numpy as np

with h5py.File("unusual.h5", "w", libver="earliest") as h:
    for kind in "iu":
        for size in (1, 2, 4, 8):
            for order in "<>":
                base = np.dtype(f"{order}{kind}{size}")
                # the largest that an integer of 8 bytes is read as is that with a sign
                limits = np.iinfo(base if size < 8 else np.int64)
                edges = [limits.max - 1, limits.min if kind == "i" else 0, 7]
                enumeration = h5py.enum_dtype({"rest": 7, "walk": 0}, basetype=base)
                name = f"{kind}{size}{'little' if order == '<' else 'big'}"
                h.create_dataset(name, data=np.array(edges, base), dtype=enumeration)
    beyond = h5py.enum_dtype({"rest": 7}, basetype="<u8")
    h.create_dataset("beyond", data=np.array([2**63], "<u8"), dtype=beyond)
    h.create_dataset("empty/side", shape=(0,), dtype=h5py.string_dtype())
    h.create_dataset("empty/t", shape=(0,), dtype="<f8")
    h["x"] = np.arange(12.0).reshape(6, 2)
    h["t"] = np.arange(6) / 4
