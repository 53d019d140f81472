"""Fourier attributions, timed: the other sides of the comparison of explanations by `cargo xtask bench --peers`.

Reads one JSON object a line, {"model": a name of networks.py, "points": n, "steps": k}, explains the signal
k times and answers with the wall-clock milliseconds. Integrated gradients of the first output, from the
zero signal, by n right Riemann steps, in the Fourier domain of the last axis.

Variant `torch` is the fair rival: the gradients of parameters are off, all points go in batches of the size
that was fastest of a few, the gradient is taken in signal space and brought to the Fourier domain once.
Variant `library` is cross-domain-saliency-maps 0.0.8 as published: FourierIG, one point after the other.
Variant `captum` is captum's IntegratedGradients of the network behind an inverse real FFT, whose inputs
are real and imaginary parts.
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

import networks

BATCHES = [1, 4, 16, 64]
# memory of PyTorch is not the matter of this comparison: larger batches of long signals take gigabytes
MOST_NUMBERS = 1 << 20


def signal(shape):
    """The same as in benches/src/bin/explain.rs."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return (np.sin(0.37 * i) + 0.5 * np.cos(1.7 * i)).astype(np.float32).reshape(shape)


class BehindFourier(nn.Module):
    """Real and imaginary parts of a signal (n, 1, frequencies, 2) to the first output (n,)."""

    def __init__(self, model, samples):
        super().__init__()
        self.model, self.samples = model, samples

    def forward(self, parts):
        return self.model(torch.fft.irfft(torch.view_as_complex(parts), n=self.samples))[:, 0]


def library(model, x, points):
    from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG

    explainer = FourierIG(model, points, 0, device=torch.device("cpu"))
    return lambda: np.abs(explainer.run(x[None], np.zeros_like(x[None]))).sum()


def batched(model, x, points, batch):
    x = torch.from_numpy(x)
    alphas = (torch.arange(1, points + 1, dtype=torch.float32) / points).reshape(-1, *[1] * x.dim())

    def explain():
        gradient = torch.zeros_like(x)
        for some in alphas.split(batch):
            signals = (some * x).requires_grad_()
            (found,) = torch.autograd.grad(model(signals)[:, 0].sum(), signals)
            gradient += found.sum(0)
        gradient /= points
        return ((torch.fft.fft(x) * torch.fft.fft(gradient).conj()).real / x.shape[-1]).abs().sum()

    return explain


def fastest(model, x):
    """The batch size that takes the least processor time for a point."""
    times = {}
    for batch in BATCHES:
        if batch > 1 and batch * x.size > MOST_NUMBERS:
            break
        explain = batched(model, x, batch, batch)
        explain()  # a warm-up
        start = time.process_time()
        repeats = max(1, 16 // batch)
        for _ in range(repeats):
            explain()
        times[batch] = (time.process_time() - start) / (repeats * batch)
    return min(times, key=times.get)


def captum(model, x, points):
    from captum.attr import IntegratedGradients

    explainer = IntegratedGradients(BehindFourier(model, x.shape[-1]))
    parts = torch.view_as_real(torch.fft.rfft(torch.from_numpy(x))).unsqueeze(0)
    # both parts of a coefficient belong together
    return lambda: explainer.attribute(parts, n_steps=points, method="riemann_right").sum(-1).abs().sum()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", help="where the ONNX files are, which this side does not need")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", choices=["torch", "library", "captum"], required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    def answer(value):
        print(json.dumps(value), flush=True)

    about = {"torch": torch.__version__, "numpy": np.__version__, "python": sys.version.split()[0]}
    batches = {}
    if arguments.variant == "torch":
        for name in networks.NETWORKS:
            model, shape = networks.make(name)
            batches[name] = fastest(model, signal(shape))
    else:
        from importlib.metadata import version

        name = {"library": "cross-domain-saliency-maps", "captum": "captum"}[arguments.variant]
        about[name] = version(name)
    answer({**about, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        request = json.loads(line)
        model, shape = networks.make(request["model"])
        x, points = signal(shape), request["points"]
        if arguments.variant == "torch":
            explain = batched(model, x, points, batches[request["model"]])
        else:
            explain = {"library": library, "captum": captum}[arguments.variant](model, x, points)
        milliseconds = []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            size = explain()
            milliseconds.append(1000 * (time.perf_counter() - start))
        said = {"batch": batches.get(request["model"])}
        answer({"milliseconds": milliseconds, "size": float(size), **said})


if __name__ == "__main__":
    main()
