"""Writes scalp.json: positions, triangles and interpolated values of scalp maps, by MNE and SciPy.

python -m venv env && env/bin/pip install mne==1.13.2 scipy==1.17.1 numpy==2.4.6
env/bin/python make_scalp.py
"""

import json
from pathlib import Path

import mne
import numpy as np
from mne.viz.topomap import _get_pos_outlines, _GridData
from scipy.spatial import Delaunay

SETS = {
    "ten_twenty": "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2",
    "fourteen": "AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4",
    # no mirror images, hence no four points on a circle: there is one triangulation
    "odd": "Fp1 F8 Fz C3 FC2 CP6 P7 Oz PO4 TP9 FT10 C5 AF4 CP1 I2",
}


def usual_distance(tri):
    """What `mne.viz.topomap._get_extra_points` calls `distance`."""
    one, two, three = tri.simplices.T
    points = tri.points
    pairs = [(one, two), (two, three)]
    return float(np.median(np.concatenate([np.linalg.norm(points[a] - points[b], axis=1) for a, b in pairs])))


def one(names):
    montage = mne.channels.make_standard_montage("spherical_1005")
    info = mne.create_info(names, 100.0, "eeg").set_montage(montage)
    pos, outlines = _get_pos_outlines(info, None, None)
    radius = 0.095  # of the head
    border = outlines["clip_radius"][0]
    values = np.sin(1.7 * np.arange(len(names))) + 0.1 * np.arange(len(names))
    grid = _GridData(pos, "cubic", "head", outlines["clip_origin"], outlines["clip_radius"], "mean")
    grid.set_values(values)
    at = np.array([(r * np.cos(a), r * np.sin(a)) for r in (0.1, 0.35, 0.6, 0.8, 0.97) for a in np.arange(0.2, 6.2, 0.6)])
    found = grid(at[:, 0] * radius, at[:, 1] * radius)
    tri = grid.tri
    return {
        "names": names,
        "positions": np.round(pos / radius, 9).tolist(),
        "border": border / radius,
        "distance": usual_distance(Delaunay(pos)) / radius,
        "values": np.round(values, 9).tolist(),
        "points": np.round(tri.points / radius, 12).tolist(),
        "triangles": tri.simplices.tolist(),
        "at": np.round(at, 9).tolist(),
        "found": np.round(found, 9).tolist(),
    }


result = {name: one(names.split()) for name, names in SETS.items()}
path = Path(__file__).with_name("scalp.json")
path.write_text(json.dumps(result) + "\n")
print(path, path.stat().st_size)
