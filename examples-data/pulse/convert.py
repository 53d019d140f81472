"""Writes pulse.csv from the data2.csv and data3.csv that PyPI's heartpy 1.2.7 carries.

pip download --no-deps --only-binary :all: heartpy==1.2.7 && unzip heartpy-*.whl
python convert.py heartpy/data > pulse.csv       (needs numpy and scipy)
"""

import hashlib
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

RATE = 32
SECONDS = 8
KNOWN = {
    "data2.csv": "7d85f0d33b04395409e81d614b9bd82541208cc3edfbc5a49b5129ae3cb573b9",
    "data3.csv": "16eedaa7c97c6ca873e7e424d27a84dcd043d4eca0e4f7611d2a37969192b7ea",
}


def read(path):
    """Times in seconds from the first sample, and values."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != KNOWN[path.name]:
        sys.exit(f"{path} is not the file of heartpy 1.2.7")
    rows = [line.split(",") for line in raw.decode().splitlines()[1:]]
    values = np.array([float(row[1]) for row in rows])
    if path.name == "data2.csv":
        times = np.array([float(row[0]) for row in rows]) / 1000
    else:
        stamps = [datetime.fromisoformat(row[0]).timestamp() for row in rows]
        times = np.array(stamps) - stamps[0]
        # stamps jitter by a sample; the sensor does not
        times = np.linspace(0, times[-1], len(times))
    return times, values


def beats(times, values):
    """Times of heart beats: peaks of the pulse between 0.7 and 3.5 Hz, at least 0.4 s apart."""
    rate = (len(times) - 1) / times[-1]
    smooth = sosfiltfilt(butter(2, [0.7, 3.5], "bandpass", fs=rate, output="sos"), values)
    peaks, _ = find_peaks(smooth, distance=int(0.4 * rate), prominence=0.3 * smooth.std())
    return times[peaks]


print("recording,pulse,heart_rate_bpm")
for number, (name, longest) in enumerate([("data2.csv", 128), ("data3.csv", 240)]):
    times, values = read(Path(sys.argv[1]) / name)
    at_beats = beats(times, values)
    rate = (len(times) - 1) / times[-1]
    low = sosfiltfilt(butter(4, 12, fs=rate, output="sos"), values)
    length = int(min(times[-1], longest)) // SECONDS * SECONDS
    grid = np.arange(length * RATE) / RATE
    pulse = np.interp(grid, times, low)
    for start in range(0, length, SECONDS):
        inside = at_beats[(at_beats >= start) & (at_beats < start + SECONDS)]
        truth = 60 / np.median(np.diff(inside))
        for sample in pulse[start * RATE : (start + SECONDS) * RATE]:
            print(f"{number},{sample:.2f},{truth:.1f}")
