"""Writes the biosignals of this folder, and into biosignals.npz the values that other tools read from them.

pip install numpy==2.4.6 mne==1.13.2 pyedflib==0.1.42 edfio==0.4.18

Arrays are called NAME:CHANNELS as the tests ask for them, (time, channels). Annotations are in annotations.csv:
file, onset, duration (-1 if there is none), text.
"""

import csv
import datetime
import warnings

import edfio
import mne
import numpy as np
import pyedflib

warnings.simplefilter("ignore")
mne.set_log_level("ERROR")
rng = np.random.default_rng(7)
START = datetime.datetime(2019, 3, 2, 22, 15, 30)
expected, annotations = {}, []


def wave(samples, size, seed):
    t = np.arange(samples)
    return size * (0.6 * np.sin(0.05 * (seed + 2) * t + seed) + 0.3 * np.cos(0.011 * t * (seed + 1)))


def with_pyedflib(name, kind, digital, marks, offset=0):
    """A file of three channels in µV, mV and degC, the last one slower."""
    channels = [("EEG Fpz", "uV", 64, 500.0), ("ECG", "mV", 64, 5.0), ("Temp", "degC", 8, 45.0)]
    writer = pyedflib.EdfWriter(name, len(channels), kind)
    writer.setStartdatetime(START + datetime.timedelta(microseconds=offset))
    for i, (label, unit, rate, size) in enumerate(channels):
        writer.setSignalHeader(i, {
            "label": label, "dimension": unit, "sample_frequency": rate, "physical_min": -size,
            "physical_max": size, "digital_min": -digital - 1, "digital_max": digital, "transducer": "",
            "prefilter": ""})
    writer.writeSamples([wave(8 * rate, size, i) for i, (_, _, rate, size) in enumerate(channels)])
    for onset, duration, text in marks:
        writer.writeAnnotation(onset, duration, text)
    writer.close()
    reader = pyedflib.EdfReader(name)
    values = [reader.readSignal(i) for i in range(3)]
    expected[f"{name}:EEG Fpz"] = values[0][:, None]
    expected[f"{name}:ECG"] = values[1][:, None]
    # both in µV
    expected[f"{name}:EEG Fpz,ECG"] = np.stack([values[0], 1000 * values[1]], 1)
    expected[f"{name}:Temp"] = values[2][:, None]
    read = list(zip(*reader.readAnnotations()))
    reader.close()
    raw = (mne.io.read_raw_edf if name.endswith("edf") else mne.io.read_raw_bdf)(name, include=["EEG Fpz", "ECG"])
    assert np.allclose(1e6 * raw.get_data().T, expected[f"{name}:EEG Fpz,ECG"], rtol=1e-12)
    assert [text for _, _, text in read] == [a["description"] for a in raw.annotations]
    assert np.allclose([onset for onset, _, _ in read], [a["onset"] for a in raw.annotations])
    annotations.extend((name, onset, duration, text) for onset, duration, text in read)


def with_edfio(name, module, signal_class, file_class):
    """Records of 0.5 s, one physical range that falls."""
    signals = [signal_class(wave(256, 120.0 * (i + 1), i), 64, label=f"C{i + 3}", physical_dimension="uV")
               for i in range(3)]
    marks = [edfio.EdfAnnotation(0.25, None, "eyes open"), edfio.EdfAnnotation(1.5, 1.25, "spike µ"),
             edfio.EdfAnnotation(3.0, None, "eyes shut")]
    file_class(signals, annotations=marks, data_record_duration=0.5).write(name)
    read = module(name)
    expected[f"{name}:x"] = np.stack([s.data for s in read.signals], 1)
    annotations.extend((name, a.onset, -1 if a.duration is None else a.duration, a.text) for a in read.annotations)


def with_mne(name):
    info = mne.create_info(["F3", "F4"], 50.0, "eeg")
    raw = mne.io.RawArray(1e-6 * np.stack([wave(200, 80.0, i) for i in range(2)]), info)
    raw.set_annotations(mne.Annotations([0.0, 1.0, 2.5], [1.0, 1.5, 0.0], ["rest", "move", "beep"]))
    raw.set_meas_date(START.replace(tzinfo=datetime.timezone.utc))
    mne.export.export_raw(name, raw, overwrite=True)
    read = mne.io.read_raw_edf(name)
    expected[f"{name}:x"] = 1e6 * read.get_data().T
    annotations.extend((name, a["onset"], a["duration"] or -1, a["description"]) for a in read.annotations)


def plain(name, signals, records=8, seconds="1", reserved="", width=2, claimed=None, rest=b"", tals=None,
          fill=b" ", onsets=None):
    """A file byte by byte; signals are (label, unit, pmin, pmax, dmin, dmax, samples), fields as text."""
    signals = list(signals)
    if tals is not None:
        signals.append((("EDF" if width == 2 else "BDF") + " Annotations", "", "-1", "1", "-32768", "32767", "30"))
    field = lambda text, n: (text.encode("latin-1") if isinstance(text, str) else text).ljust(n, fill)[:n]
    first = field("0", 8) if width == 2 else b"\xffBIOSEMI"
    header = first + field("X X X X", 80) + field("Startdate X X X X", 80) + b"02.03.19" + b"22.15.30"
    header += field(str(256 * (len(signals) + 1)), 8) + field(reserved, 44)
    header += field(str(records if claimed is None else claimed), 8) + field(seconds, 8)
    header += field(str(len(signals)), 4)
    for part, n in [(0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (6, 8), (None, 32)]:
        header += b"".join(field("" if part is None else s[part], n) for s in signals)
    data, values = b"", {}
    for record in range(records):
        for s in signals:
            n = int(s[6])
            if s[0].endswith("Annotations"):
                onset = record * float(seconds.replace(",", ".")) if onsets is None else onsets[record]
                text = f"+{onset:g}\x14\x14\0".encode() + tals.get(record, b"")
                data += text.ljust(n * width, b"\0")
                continue
            low, high = sorted((int(s[4]), int(s[5])))
            digital = rng.integers(low, high + 1, n)
            digital[:2] = [low, high][:n]
            data += b"".join(int(d).to_bytes(width, "little", signed=True) for d in digital)
            values.setdefault(s[0], []).append(digital)
    with open(name, "wb") as file:
        file.write(header + data + rest)
    digital = {label: np.concatenate(parts) for label, parts in values.items()}
    # the definition of the format
    physical = {}
    for label, _, pmin, pmax, dmin, dmax, _ in (s for s in signals if s[0] in digital and "?" not in s):
        pmin, pmax, dmin, dmax = (float(v.replace(",", ".").strip("\0")) for v in (pmin, pmax, dmin, dmax))
        if dmax != dmin:
            physical[label] = pmin + (pmax - pmin) * (digital[label] - dmin) / (dmax - dmin)
    return physical


def of_mne(name, channels, factor=1e6):
    read = mne.io.read_raw_bdf if name.endswith("bdf") else mne.io.read_raw_edf
    raw = read(name, include=channels, stim_channel=False)
    expected[f"{name}:{','.join(channels)}"] = factor * raw.get_data(picks=channels).T
    return raw


EEG = lambda label, unit="uV", n="32": (label, unit, "-500", "500", "-2048", "2047", n)
BIG = lambda label, unit="uV", n="32": (label, unit, "-262144", "262143", "-8388608", "8388607", n)

marks = [(0.0, -1, "Lights off"), (1.5, 2.0, "Sleep stage W"), (3.5, 3.0, "Sleep stage 2"), (4.0, 0.5, "Arousal é")]
with_pyedflib("pyedflib.edf", pyedflib.FILETYPE_EDFPLUS, 32767, marks)
with_pyedflib("pyedflib_plain.edf", pyedflib.FILETYPE_EDF, 2047, [])
with_pyedflib("pyedflib_offset.edf", pyedflib.FILETYPE_EDFPLUS, 32767, marks, offset=250_000)
with_pyedflib("pyedflib.bdf", pyedflib.FILETYPE_BDFPLUS, 8388607, marks)
with_edfio("edfio.edf", edfio.read_edf, edfio.EdfSignal, edfio.Edf)
with_edfio("edfio.bdf", edfio.read_bdf, edfio.BdfSignal, edfio.Bdf)
with_mne("mne.edf")
writer = pyedflib.EdfWriter("hypnogram.edf", 0, pyedflib.FILETYPE_EDFPLUS)
writer.setStartdatetime(START + datetime.timedelta(seconds=2))
for onset, duration, text in [(0, 2, "Sleep stage W"), (2, 3, "Sleep stage 2"), (5, 100, "Sleep stage R")]:
    writer.writeAnnotation(onset, duration, text)
    annotations.append(("hypnogram.edf", onset, duration, text))
writer.close()

plain("blank.edf", [EEG("EEG Fpz"), ("-", "uV", "0", "0", "0", "0", "32"), EEG("EEG Pz"), EEG("", "uV", "32"),
                    ("Flat", "uV", "-1", "1", "0", "0", "8"), ("None", "uV", "-1", "1", "-1", "1", "0"),
                    ("Junk", "uV", "?", "1", "-1", "1", "8"), ("-", "uV", "3", "3", "0", "9", "32")])
# mne reads names only, not empty channels
data = np.fromfile("blank.edf", "<i2", offset=256 * 9).reshape(8, -1)
expected["blank.edf:EEG*"] = np.stack(
    [-500 + 1000 * (data[:, at:at + 32].ravel() + 2048.0) / 4095 for at in (0, 64)], 1)
plain("more.edf", [EEG("EEG Fpz"), EEG("EEG Pz")], claimed=6)
plain("fewer.edf", [EEG("EEG Fpz"), EEG("EEG Pz")], records=6, claimed=8, rest=b"\1" * 37)
plain("open.edf", [EEG("EEG Fpz"), EEG("EEG Pz")], claimed=-1)
plain("rounded.edf", [EEG("EEG Fpz", n="64"), EEG("EEG Pz", n="64")], seconds="0.333333")
plain("comma.edf", [("EEG Fpz", "uV", "-500,5", "500,5", "-2048", "2047", "32"), EEG("EEG Pz")])
values = plain("zeros.edf", [EEG("EEG Fpz"), EEG("EEG Pz")], fill=b"\0")
expected["zeros.edf:x"] = np.stack([values["EEG Fpz"], values["EEG Pz"]], 1)
plain("plain.bdf", [BIG("EEG Fpz"), BIG("EEG Pz"), ("Status", "Boolean", "-8388608", "8388607", "-8388608",
                                                   "8388607", "32")], width=3, reserved="24BIT")
for name in ["more.edf", "fewer.edf", "open.edf", "rounded.edf", "comma.edf", "plain.bdf"]:
    raw = of_mne(name, ["EEG Fpz", "EEG Pz"])
    print(name, raw.n_times, raw.info["sfreq"])
values = plain("reversed.edf", [("EEG Fpz", "uV", "500", "-500", "-2048", "2047", "32"),
                                ("EEG Pz", "uV", "-500", "500", "2047", "-2048", "32")])
expected["reversed.edf:x"] = np.stack([values["EEG Fpz"], values["EEG Pz"]], 1)
values = plain("units.edf", [EEG("a", "mV"), EEG("b", "\xb5V"), EEG("c", "µV".encode()), EEG("d", "V"),
                             EEG("e", "nV"), EEG("f", "%"), EEG("g", b"\x83\xcaV")])
expected["units.edf:*"] = np.stack([values[k] * f for k, f in zip("abcdefg", [1e6, 1e3, 1e3, 1e9, 1, 1, 1e3])], 1)
tals = {0: b"+0\x15.5\x14begin\x14\0", 3: b"+5.25\x14late\x14\0", 5: b"+20.5\x151\x14after\x14\0"}
onsets = [0, 1, 2, 5, 6, 20]
for name, width, signal in [("gaps.edf", 2, EEG), ("gaps.bdf", 3, BIG)]:
    kind = name[-3:].upper() + "+D"
    plain(name, [signal("EEG Fpz"), signal("EEG Pz", n="16")], records=6, reserved=kind, width=width, tals=tals,
          onsets=onsets)
    of_mne(name, ["EEG Fpz"])
    of_mne(name, ["EEG Pz"])
    annotations += [(name, 0, 0.5, "begin"), (name, 5.25, -1, "late"), (name, 20.5, 1, "after")]
plain("overlap.edf", [EEG("EEG Fpz")], records=3, reserved="EDF+D", tals={}, onsets=[0, 1, 1.5])
plain("twins.edf", [EEG("EEG Fpz"), EEG("EEG Fpz"), EEG("EEG Pz")], records=2)
values = plain("rates.edf", [EEG("EEG Fp1"), EEG("EEG Fp2"), EEG("Resp", n="8"), EEG("SpO2, finger", n="1")],
               records=4)
expected["rates.edf:SpO2, finger"] = values["SpO2, finger"][:, None]

np.savez_compressed("biosignals.npz", **expected)
with open("annotations.csv", "w", newline="", encoding="utf-8") as file:
    csv.writer(file, lineterminator="\n").writerows(annotations)
