"""Fourier attributions, timed: the other sides of the comparison of explanations by `cargo xtask bench --peers`.

Reads one JSON object a line, {"model": "heart-rate" | "filters", "points": n, "steps": k}, explains the
signal k times and answers with the wall-clock milliseconds. Integrated gradients of the first output,
from the zero signal, by n right Riemann steps.

Variant `library` is cross-domain-saliency-maps 0.0.8 as published: FourierIG, one point after the other.
Variant `torch` is the fair rival: all points in batches, the gradient taken in signal space and brought
to the Fourier domain once. Variant `captum` is captum's IntegratedGradients of the network behind an
inverse real FFT, whose inputs are real and imaginary parts.
"""

import argparse
import json
import os
import sys
import time

os.environ["TQDM_DISABLE"] = "1"  # the library draws a progress bar while it works

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SAMPLES = 256
BATCH = 64


class HeartRate(nn.Module):
    """(n, 1, 256) to (n, 1); see benches/src/heart_rate.rs."""

    def __init__(self, arrays):
        super().__init__()
        self.arrays = {k: torch.from_numpy(v) for k, v in arrays.items()}

    def dense(self, name, x):
        return functional.linear(x, self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"])

    def forward(self, x):
        for block, pool in enumerate([4, 2, 2]):
            for c in range(3):
                name = f"conv.{block}.{c}"
                weight, bias = self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"]
                x = torch.relu(functional.conv1d(functional.pad(x, (8, 0)), weight, bias, dilation=2))
            x = functional.avg_pool1d(x, pool)
        tokens = x.transpose(1, 2)
        n = len(tokens)
        query, key, value = (
            self.dense(name, tokens).reshape(n, 16, 4, 16).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        mixed = torch.softmax(0.25 * query @ key.transpose(2, 3), -1) @ value
        x = self.dense("out", mixed.transpose(1, 2).reshape(n, 16, 64))
        norm = self.arrays["norm.weight"], self.arrays["norm.bias"]
        x = functional.layer_norm(x, (64,), *norm, eps=1e-3)
        return self.dense("last", torch.relu(self.dense("hidden", x.reshape(n, 1024))))


class Filters(nn.Module):
    """(n, 1, 256) to (n, 2); see benches/src/filter_bank.rs."""

    def __init__(self, arrays):
        super().__init__()
        self.taps = torch.from_numpy(arrays["filters"]).unsqueeze(1)

    def forward(self, x):
        return torch.relu(functional.conv1d(x, self.taps, padding=15)).mean(-1)


class BehindFourier(nn.Module):
    """Real and imaginary parts (n, 129, 2) to the first output (n,)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, parts):
        signals = torch.fft.irfft(torch.view_as_complex(parts), n=SAMPLES)
        return self.model(signals.unsqueeze(1))[:, 0]


def library(model, signal, points):
    from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG

    explainer = FourierIG(model, points, 0, device=torch.device("cpu"))
    x = signal.reshape(1, 1, SAMPLES)
    return lambda: explainer.run(x, np.zeros_like(x)).sum()


def batched(model, signal, points):
    x = torch.from_numpy(signal)
    alphas = torch.arange(1, points + 1, dtype=torch.float32) / points

    def explain():
        gradient = torch.zeros(SAMPLES)
        for batch in alphas.split(BATCH):
            signals = (batch[:, None] * x).unsqueeze(1).requires_grad_()
            (found,) = torch.autograd.grad(model(signals)[:, 0].sum(), signals)
            gradient += found[:, 0].sum(0)
        gradient /= points
        return (torch.fft.fft(x) * torch.fft.fft(gradient).conj()).real.sum() / SAMPLES

    return explain


def captum(model, signal, points):
    from captum.attr import IntegratedGradients

    explainer = IntegratedGradients(BehindFourier(model))
    parts = torch.view_as_real(torch.fft.rfft(torch.from_numpy(signal))).unsqueeze(0)
    return lambda: explainer.attribute(parts, n_steps=points, method="riemann_right").sum()


VARIANTS = {"library": library, "torch": batched, "captum": captum}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("networks")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", choices=list(VARIANTS), required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arrays = dict(np.load(arguments.networks))
    signal = arrays.pop("signal")
    models = {"heart-rate": HeartRate(arrays), "filters": Filters(arrays)}

    def answer(value):
        print(json.dumps(value), flush=True)

    about = {"torch": torch.__version__, "numpy": np.__version__, "python": sys.version.split()[0]}
    if arguments.variant != "torch":
        from importlib.metadata import version

        name = {"library": "cross-domain-saliency-maps", "captum": "captum"}[arguments.variant]
        about[name] = version(name)
    answer({**about, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        request = json.loads(line)
        explain = VARIANTS[arguments.variant](models[request["model"]], signal, request["points"])
        total = explain()  # a warm-up
        milliseconds = []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            total = explain()
            milliseconds.append(1000 * (time.perf_counter() - start))
        answer({"milliseconds": milliseconds, "total": float(total)})


if __name__ == "__main__":
    main()
