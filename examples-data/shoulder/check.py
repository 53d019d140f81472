"""Measures the statements of docs/reports/real-recording.md that `xcebra` itself does not print.

python examples-data/shoulder/check.py target/release/xcebra      (needs numpy, scikit-learn)

Trains nine encoders: three seeds on the whole recording, three on the first half of each exercise
(for scores on the second halves), three on the whole recording with shuffled labels.
"""

import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

XCEBRA = sys.argv[1]
HERE = Path(__file__).parent
DATA = HERE / "shoulder.csv"
HEADER, *ROWS = DATA.read_text().splitlines()
CHANNELS = HEADER.split(",")[:6]
TABLE = np.loadtxt(DATA, delimiter=",", skiprows=1)
EXERCISE = TABLE[:, 6].astype(int)
FIRST = np.concatenate(
    [np.arange((EXERCISE == e).sum()) < (EXERCISE == e).sum() // 2 for e in range(7)]
)
SEEDS = range(3)
METHODS = ["ing", "neuron-gradient"]


def xcebra(*arguments):
    subprocess.run([XCEBRA, *map(str, arguments), "--quiet"], check=True, capture_output=True)


def write(path, table):
    lines = [",".join([f"{v:.3f}" for v in row[:6]] + [f"{row[6]:.0f}"]) for row in table]
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def fit(data, out, seed):
    settings = HERE / "exercises.toml"
    xcebra("fit", "--data", data, "--config", settings, "--set", f"train.seed={seed}", "--out", out)
    maps = out / "map.npz"
    xcebra("attribute", "--model", out, "--data", data, "--method", ",".join(METHODS), "--out", maps)
    return dict(np.load(maps))


def embed(model, data):
    out = model / "embedding.npz"
    xcebra("embed", "--model", model, "--data", data, "--out", out)
    return np.load(out)["embedding"]


def score(train, test):
    """Balanced accuracy of 25 nearest neighbours; chance is 1/7 = 0.143."""
    model = KNeighborsClassifier(25).fit(train, EXERCISE[FIRST])
    guess, truth = model.predict(test), EXERCISE[~FIRST]
    return np.mean([(guess[truth == e] == e).mean() for e in range(7)])


def raw_scores():
    x = (TABLE[:, :6] - TABLE[FIRST, :6].mean(0)) / TABLE[FIRST, :6].std(0)
    for name, columns in [("all", range(6)), ("acc", range(3)), ("gyro", range(3, 6))]:
        value = score(x[np.ix_(FIRST, columns)], x[np.ix_(~FIRST, columns)])
        print(f"  channels {name:5} {value:.3f}")


def latent_scores(folder):
    first, second = write(folder / "first.csv", TABLE[FIRST]), write(folder / "second.csv", TABLE[~FIRST])
    for seed in SEEDS:
        model = folder / f"half-{seed}"
        fit(first, model, seed)
        train, test = embed(model, first), embed(model, second)
        names = {"latent 0": [0], "latents 1, 2": [1, 2], "all latents": [0, 1, 2]}
        scores = {name: score(train[:, c], test[:, c]) for name, c in names.items()}
        print(f"  seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
        drops = []
        for channel in range(6):
            shuffled = TABLE[~FIRST].copy()
            np.random.default_rng(channel).shuffle(shuffled[:, channel])
            test = embed(model, write(folder / "shuffled.csv", shuffled))
            drops.append(scores["latents 1, 2"] - score(train[:, [1, 2]], test[:, [1, 2]]))
        text = ", ".join(f"{c} {d:.3f}" for c, d in zip(CHANNELS, drops))
        print(f"    loss of latents 1, 2 if a channel is shuffled: {text}")


def cycles(latent):
    """The strongest rhythm of each exercise: cycles in its set, and share of the power near it."""
    found = []
    for e in range(7):
        z = latent[EXERCISE == e]
        power = np.abs(np.fft.rfft(z - z.mean())) ** 2
        power[:3] = 0
        peak = power.argmax()
        found.append(f"{peak} ({power[max(peak - 2, 0) : peak + 3].sum() / power.sum():.2f})")
    return " ".join(found)


def contrast(maps):
    for seed, values in enumerate(maps):
        for method in METHODS:
            m = values[method]
            ratio = m[:3].mean(0) / m[3:].mean(0)
            exercise = m[:3, 1:].mean() / m[3:, 1:].mean()
            print(f"  seed {seed} {method:16} acc / gyro: latent 0 {ratio[0]:.2f}, latents 1, 2 {exercise:.2f}")


def stability(maps):
    for method in METHODS:
        for a, b in itertools.combinations(SEEDS, 2):
            one, two = maps[a][method], maps[b][method]
            r = lambda x, y: np.corrcoef(np.ravel(x), np.ravel(y))[0, 1]
            print(
                f"  seeds {a}, {b} {method:16} r of the maps {r(one, two):.2f}, "
                f"latent 0 {r(one[:, 0], two[:, 0]):.2f}, "
                f"mean of latents 1, 2 {r(one[:, 1:].mean(1), two[:, 1:].mean(1)):.2f}"
            )


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    print("exercise from the second halves, trained on the first halves (balanced accuracy)")
    raw_scores()
    latent_scores(folder)
    print("maps of the whole recording")
    maps = [fit(DATA, folder / f"all-{seed}", seed) for seed in SEEDS]
    for seed in SEEDS:
        embedding = embed(folder / f"all-{seed}", DATA)
        for latent in range(3):
            print(f"  seed {seed}: cycles of latent {latent}, exercises 0 to 6: {cycles(embedding[:, latent])}")
    contrast(maps)
    stability(maps)
    for method in METHODS:
        print(method, "mean over the seeds")
        for channel, row in zip(CHANNELS, np.mean([m[method] for m in maps], axis=0)):
            print(f"  {channel:8}" + "".join(f"{v:8.3f}" for v in row))
    print("maps with shuffled labels")
    shuffled = TABLE.copy()
    np.random.default_rng(0).shuffle(shuffled[:, 6])
    data = write(folder / "control.csv", shuffled)
    contrast([fit(data, folder / f"control-{seed}", seed) for seed in SEEDS])
