"""The Python package beside what its users would take instead, on the route they take.

    python python_package.py [--rounds N] [--threads N] [--program PATH] [--page FILE]

Prints a table and writes it as a page, on top of which a summary is to be written by hand. Times are processor times of the process, the minimum of the rounds, which take
turns. Each comparison first checks that both sides give the same numbers.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time

os.environ["TQDM_DISABLE"] = "1"  # the library draws a progress bar while it works

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=8)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--program", help="the program xcebra, for the comparison of trainings")
parser.add_argument("--page")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(options.threads)

import numpy as np
import torch
from captum.attr import IntegratedGradients
from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG

import xcebra

torch.set_num_threads(options.threads)
torch.manual_seed(0)


class HeartRate(torch.nn.Module):
    """A network of the size of published heart-rate models: (n, 1, 256) to (n, 1)."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 1
        for pool in (4, 2, 2):
            for _ in range(3):
                layers += [torch.nn.Conv1d(channels, 32, 5, padding="same", dilation=2), torch.nn.ReLU()]
                channels = 32
            layers.append(torch.nn.AvgPool1d(pool))
        self.body = torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(512, 32), torch.nn.ReLU())
        self.head = torch.nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.body(x))


class Small(torch.nn.Module):
    """A small network, on which the cost of each call shows: (n, 1, 256) to (n, 1)."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Conv1d(1, 8, 9, stride=4), torch.nn.GELU(), torch.nn.Conv1d(8, 16, 5, stride=4), torch.nn.GELU(), torch.nn.Flatten()
        )
        self.head = torch.nn.Linear(16 * 15, 1)

    def forward(self, x):
        return self.head(self.body(x))


def processor(work):
    """Milliseconds of processor time, and the result."""
    start = time.process_time()
    found = work()
    return (time.process_time() - start) * 1e3, found


def compare(name, sides, check):
    """The least time of each side; sides take turns."""
    best = {}
    results = {}
    for _ in range(options.rounds):
        for side, work in sides.items():
            milliseconds, results[side] = processor(work)
            best[side] = min(best.get(side, np.inf), milliseconds)
    worst = check(results)
    first = next(iter(best))
    for side, milliseconds in best.items():
        row = {"work": name, "side": side, "ms": round(milliseconds, 2), "ratio": round(milliseconds / best[first], 2), "difference": worst}
        rows.append(row)
        print(f"{name:46} {side:28} {milliseconds:10.1f} ms   {row['ratio']:7.2f} ×   differ by {worst:.1e}", flush=True)


rows = []


def close(*keys, tolerance=1e-3):
    """float32: the library adds 300 terms in it, and a point that is rounded may lie on the other side of a kink of a ReLU."""

    def check(results):
        first, second = (np.asarray(results[key], dtype=float) for key in keys)
        off = float(np.abs(first - second).max() / np.abs(first).max())
        assert off < tolerance, off
        return off

    return check


def explaining(name, net, counts, batch):
    """`batch` points go through the network together here. captum sends all points of all signals at once by default."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 1, 256)).astype(np.float32)
    zero = np.zeros_like(x[:1])
    fourier = xcebra.CrossDomainIG(net, "fourier", rule="right:300", batch_size=batch)
    for count in counts:

        def theirs(count=count):
            ig = FourierIG(net, 300, 0, torch.device("cpu"))
            return np.concatenate([ig.run(s[None], zero).numpy() for s in x[:count]])

        compare(
            f"{name}: Fourier, right:300, {count} signals",
            {
                "xcebra": lambda count=count: fourier.attribute(x[:count], target=0, progress=False).values,
                "cross-domain-saliency-maps": theirs,
            },
            close("xcebra", "cross-domain-saliency-maps"),
        )
    captum = IntegratedGradients(net)
    for points, method, rule in ((300, "riemann_right", "right:300"), (50, "gausslegendre", "gauss-legendre:50")):
        ours = xcebra.CrossDomainIG(net, "time", rule=rule, batch_size=batch)
        # all points of 16 signals at once are 800, or 4,800, which only a small network can hold
        for count in counts if points == 300 else (1, 16):
            tensor = torch.from_numpy(x[:count])

            def attribute(tensor=tensor, points=points, method=method, together=None):
                found = captum.attribute(tensor, target=0, n_steps=points, method=method, internal_batch_size=together)
                return found.detach().numpy()

            compare(
                f"{name}: time, {rule}, {count} signals",
                {
                    "xcebra": lambda ours=ours, t=tensor: ours.attribute(t, target=0, progress=False).values,
                    "captum": attribute,
                    f"captum, batches of {batch}": lambda attribute=attribute: attribute(together=batch),
                },
                close("xcebra", "captum"),
            )


def training():
    """The same training by the package and by the program: the same bits, and the time of each."""
    data = xcebra.synth.dataset(latents=6, samples=20000, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(os.path.join(folder, "data.npz"), x=data.x)

        def package():
            encoder = xcebra.XCEBRA(
                6, max_iterations=300, regularizer_start=100, regularizer_ramp=100, n_threads=options.threads
            ).fit(data.x)
            encoder.save(os.path.join(folder, "package"), overwrite=True)
            return open(os.path.join(folder, "package", "model.safetensors"), "rb").read()

        best = {"package": np.inf, "program": np.inf}
        models = {}
        for _ in range(options.rounds):
            milliseconds, models["package"] = processor(package)
            best["package"] = min(best["package"], milliseconds)
            command = [
                options.program, "fit", "--data", "data.npz", "--out", "program", "--force", "--quiet", "--threads", str(options.threads),
                "--set", "train.steps=300", "--set", "regularizer.start=100", "--set", "regularizer.ramp=100",
            ]
            before = os.times()
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            best["program"] = min(best["program"], spent * 1e3)
            models["program"] = open(os.path.join(folder, "program", "model.safetensors"), "rb").read()
    assert models["package"] == models["program"], "the package and the program train different encoders"
    for side, milliseconds in best.items():
        rows.append({"work": "fit, 300 steps", "side": side, "ms": round(milliseconds, 1), "ratio": round(milliseconds / best["package"], 3), "difference": 0.0})
        print(f"{'fit, 300 steps, the same bytes':46} {side:28} {milliseconds:10.1f} ms   {milliseconds / best['package']:7.3f} ×")


def importing():
    code = "import numpy, time; t = time.perf_counter(); import xcebra; print(time.perf_counter() - t)"
    times = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(5)]
    rows.append({"work": "import beyond NumPy", "side": "xcebra", "ms": round(min(times) * 1e3, 1), "ratio": 1, "difference": 0.0})
    print(f"{'import beyond NumPy':46} {'xcebra':28} {min(times) * 1e3:10.1f} ms")


explaining("small network", Small().eval(), [1, 16], 256)
explaining("nine layers", HeartRate().eval(), [1], 50)
if options.program:
    training()
importing()
if options.page:
    lines = [
        "# The Python package beside others",
        "",
        f"Processor time in milliseconds, the least of {options.rounds} rounds in which the sides take turns, on {options.threads} "
        f"thread{'s' if options.threads > 1 else ''}. torch {torch.__version__.split('+')[0]}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}. The models are convolutional networks for signals of 256 samples. In the package, 256 points go through the "
        "small network together, and 50 through the one of nine layers, for which torch is fastest with that; captum sends all "
        "points of all signals at once, and batches of the same size where the table says so. \"Differ by\" is the "
        "largest difference over the largest attribution.",
        "",
        "The script `benches/peers/python_package.py` wrote the table; `cargo xtask bench --peers python` runs it.",
        "",
        "| work | side | ms | relative | differ by |",
        "|---|---|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(f"| {row['work']} | {row['side']} | {row['ms']} | {row['ratio']} × | {row['difference']:.1e} |")
    with open(options.page, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
