"""Writes the sound files of this folder, and into sounds.npz the values that other tools read from them.

pip install numpy==2.4.6 scipy==1.17.1 soundfile==0.14.0  (libsndfile 1.2.2)

Arrays are called as the files, (time, channels), full scale is 1.
"""

import struct
import warnings

import numpy as np
import soundfile
from scipy.io import wavfile

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
expected = {}
FLOATS = np.clip(rng.normal(0, 0.4, (40, 2)), -0.999, 0.999)
FLOATS[0] = [-1.0, 0.9999]


def of_scipy(name):
    rate, data = wavfile.read(name)
    assert rate == 8000
    if data.dtype == np.uint8:
        return (data.astype(float) - 128) / 128
    return data / 2.0 ** (8 * data.itemsize - 1) if data.dtype.kind == "i" else data.astype(float)


for name, dtype in [("u8", "u1"), ("i16", "<i2"), ("i32", "<i4"), ("i64", "<i8"), ("f32", "<f4"), ("f64", "<f8")]:
    kind = np.dtype(dtype).kind
    if kind == "f":
        data = FLOATS.astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = rng.integers(info.min, info.max, (40, 2), dtype=dtype, endpoint=True)
        data[0] = [info.min, info.max]
    wavfile.write(f"scipy_{name}.wav", 8000, data)
    expected[f"scipy_{name}.wav"] = of_scipy(f"scipy_{name}.wav")

for form, subtype, endian in [
    ("WAV", "PCM_U8", "FILE"), ("WAV", "PCM_24", "FILE"), ("WAV", "ULAW", "FILE"), ("WAV", "ALAW", "FILE"),
    ("WAV", "PCM_16", "BIG"), ("WAV", "PCM_24", "BIG"), ("WAV", "FLOAT", "BIG"), ("WAV", "DOUBLE", "BIG"),
    ("WAVEX", "PCM_16", "FILE"), ("WAVEX", "PCM_24", "FILE"), ("WAVEX", "FLOAT", "FILE"), ("WAVEX", "ULAW", "FILE"),
    ("RF64", "PCM_16", "FILE"), ("RF64", "PCM_24", "FILE"), ("RF64", "FLOAT", "FILE"),
]:
    name = f"soundfile_{form}_{subtype}_{endian}.wav".lower()
    soundfile.write(name, FLOATS, 8000, subtype, endian, form)
    expected[name] = soundfile.read(name, dtype="float64", always_2d=True)[0]
# all 256 codes
for subtype in ["ULAW", "ALAW"]:
    name = f"codes_{subtype}.wav".lower()
    soundfile.write(name, np.zeros(256), 8000, subtype)
    data = bytearray(open(name, "rb").read())
    at = data.index(b"data") + 8
    data[at:at + 256] = bytes(range(256))
    open(name, "wb").write(data)
    expected[name] = soundfile.read(name, dtype="float64", always_2d=True)[0]
for subtype in ["MS_ADPCM", "IMA_ADPCM", "GSM610"]:
    soundfile.write(f"refused_{subtype}.wav".lower(), FLOATS[:, 0], 8000, subtype)


def chunk(name, body, order="<", size=None, pad=True):
    size = len(body) if size is None else size
    return name + struct.pack(order + "I", size) + body + (b"\0" if pad and len(body) % 2 else b"")


def fmt(bits, width, order="<", channels=2, tag=1, valid=None):
    head = struct.pack(order + "HHIIHH", tag if valid is None else 0xFFFE, channels, 8000, 8000 * channels * width,
                       channels * width, bits)
    if valid is None:
        return chunk(b"fmt ", head, order)
    guid = struct.pack(order + "IHH", tag, 0, 16) + bytes.fromhex("800000aa00389b71")
    return chunk(b"fmt ", head + struct.pack(order + "HHI", 22, valid, 3) + guid, order)


def whole(name, *chunks, form=b"RIFF", order="<", size=None):
    body = b"WAVE" + b"".join(chunks)
    size = len(body) if size is None else size
    open(name, "wb").write(form + struct.pack(order + "I", size) + body)


def integers(bits, width, order="<"):
    """Samples of `bits` bits, left-justified in `width` bytes."""
    low = -(1 << (bits - 1))
    values = rng.integers(low, -low, (40, 2))
    values[0] = [low, -low - 1]
    byte = {"<": "little", ">": "big"}[order]
    shift = 8 * width - bits
    return b"".join((int(v) << shift).to_bytes(width, byte, signed=True) for v in values.ravel()), values / -low


# containers larger than the sample; scipy keeps the container's integers
for bits, width, order in [(24, 4, "<"), (24, 4, ">"), (12, 2, "<"), (20, 3, "<"), (20, 4, "<"), (20, 3, ">"),
                           (40, 5, "<"), (48, 8, "<")]:
    name = f"container_{bits}_{width}{'_big' if order == '>' else ''}.wav"
    data, values = integers(bits, width, order)
    whole(name, fmt(bits, width, order), chunk(b"data", data, order), form=b"RIFX" if order == ">" else b"RIFF",
          order=order)
    # it reads five bytes into eight, left-justified
    assert np.array_equal(of_scipy(name), values), name
    expected[name] = values
data, values = integers(20, 3)
whole("extensible_20_in_24.wav", fmt(24, 3, valid=20), chunk(b"data", data))
assert np.array_equal(of_scipy("extensible_20_in_24.wav"), values)
expected["extensible_20_in_24.wav"] = values
data, values = integers(16, 2, ">")
whole("extensible_big.wav", fmt(16, 2, ">", valid=16), chunk(b"data", data, ">"), form=b"RIFX", order=">")
expected["extensible_big.wav"] = values

# chunks around the samples, and lengths that are wrong
data, values = integers(16, 2)
note = chunk(b"LIST", b"INFOICMT\5\0\0\0abcd\0", pad=True)
odd = chunk(b"odd ", b"abc")
files = {
    "list_before.wav": (note, fmt(16, 2), odd, chunk(b"data", data)),
    "list_after.wav": (fmt(16, 2), chunk(b"data", data), note),
    "odd_unpadded.wav": (fmt(16, 2), chunk(b"odd ", b"abc", pad=False), chunk(b"data", data)),
    "streamed_zero.wav": (fmt(16, 2), chunk(b"data", data, size=0)),
    "streamed_ones.wav": (fmt(16, 2), chunk(b"data", data, size=0xFFFFFFFF)),
    "streamed_large.wav": (fmt(16, 2), chunk(b"data", data, size=0x7FFFF000)),
    "cut.wav": (fmt(16, 2), chunk(b"data", data + b"\1\2\3", size=400, pad=False)),
    "behind.wav": (fmt(16, 2), chunk(b"data", data), b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"),
}
for name, chunks in files.items():
    whole(name, *chunks, size=0xFFFFFFFF if "streamed" in name else None)
    expected[name] = values
whole("empty.wav", fmt(16, 2), chunk(b"data", b""))
whole("empty_and_list.wav", fmt(16, 2), chunk(b"data", b""), note)
for name, form, told in [("rf64.wav", b"RF64", len(data)), ("bw64.wav", b"BW64", len(data)),
                         ("rf64_open.wav", b"RF64", 0), ("rf64_large.wav", b"RF64", 1 << 40)]:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 1 << 20, told, 40, 0))
    whole(name, ds64, fmt(16, 2), chunk(b"data", data, size=0xFFFFFFFF), form=form, size=0xFFFFFFFF)
    expected[name] = values
assert np.array_equal(of_scipy("rf64.wav"), values)
# mono of an odd number of bytes, with the byte that fills it up
data, values = integers(8, 1)
whole("odd_mono.wav", fmt(8, 1, channels=1), chunk(b"data", data[:41]), note)
expected["odd_mono.wav"] = of_scipy("odd_mono.wav")[:, None]

np.savez_compressed("sounds.npz", **expected)
