"""Attribution maps by CEBRA, captum and SciPy, timed: the other side of `cargo xtask bench --peers`.

Reads one JSON object a line, {"work": name, "samples": n, "steps": k}, makes the map of the first n
samples k times, and answers with wall-clock milliseconds and the mean of the absolute attributions.
The file holds the samples and the parameters of the encoder.

Variant `stock` calls what the packages offer: CEBRA's attribution classes (which call captum once
an output) and, for Shapley values, captum. Variant `batched` is the fair rival: the same numbers by
plain PyTorch written for speed, all outputs at once, large batches, batched linear algebra.
"""

import argparse
import json
import os
import sys
import time
import warnings

answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
sys.stdout = open(os.devnull, "w")  # CEBRA prints while it is set up
warnings.filterwarnings("ignore")

import captum
import cebra
import cebra.attribution
import cebra.models
import numpy as np
import scipy
import torch
from captum.attr import ShapleyValueSampling

OUTPUTS = 6
NODES = 50
DRAWS = 50
PERMUTATIONS = 25
CHUNK = 50_000  # rows of one batch of the batched variant


def encoder(channels, parameters):
    model = cebra.models.init(
        "offset1-model-mse-clip-5-5",
        num_neurons=channels,
        num_units=256,  # unused: this model's widths follow from its outputs
        num_output=OUTPUTS,
    )
    torch.nn.utils.vector_to_parameters(torch.from_numpy(parameters), model.parameters())
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()


class Stock:
    def __init__(self, model):
        self.model = model

    def method(self, name, x):
        return cebra.attribution.init(
            name, model=self.model, input_data=x.clone().requires_grad_(True), output_dimension=OUTPUTS
        )

    def ing(self, x):
        method = self.method("jacobian-based", x)
        jacobians = method._compute_jacobian(method.input_data)
        return method._inverse(jacobians, method="lsq")[0]

    def ing_whole_call(self, x):
        return self.method("jacobian-based", x).compute_attribution_map()["jf-inv-lsq"]

    def integrated_gradients(self, x):
        method = self.method("integrated-gradients", x)
        return method.compute_attribution_map(n_steps=NODES)["integrated-gradients"]

    def feature_ablation(self, x):
        return self.method("feature-ablation", x).compute_attribution_map()["feature-ablation"]

    def gradient_shap(self, x):
        method = self.method("neuron-gradient-shap", x)
        return method.compute_attribution_map("zeros", n_samples=DRAWS)["neuron-gradient-shap"]

    def shapley_sampling(self, x):
        method = ShapleyValueSampling(self.model)
        found = [
            method.attribute(x, target=output, n_samples=PERMUTATIONS) for output in range(OUTPUTS)
        ]
        return torch.stack(found, 1)


class Batched:
    def __init__(self, model):
        self.model = model

    def gradients(self, points):
        """(n, outputs, inputs): one forward pass, one backward pass an output."""
        points = points.requires_grad_(True)
        values = self.model(points)
        ones = torch.ones(len(points))
        passes = [
            torch.autograd.grad(values[:, o], points, ones, retain_graph=o + 1 < OUTPUTS)[0]
            for o in range(OUTPUTS)
        ]
        return torch.stack(passes, 1)

    def ing(self, x):
        return torch.cat([torch.linalg.pinv(self.gradients(part)) for part in x.split(CHUNK)])

    def along_paths(self, x, alphas, weights):
        """Weighted sum of gradients at alphas (n, k) of the way from zero, times the way."""
        n, k = alphas.shape
        found = []
        for rows in torch.arange(n).split(max(1, CHUNK // k)):
            points = (alphas[rows, :, None] * x[rows, None, :]).reshape(-1, x.shape[1])
            gradients = self.gradients(points).reshape(len(rows), k, OUTPUTS, -1)
            found.append(torch.einsum("nkoi,k,ni->noi", gradients, weights, x[rows]))
        return torch.cat(found)

    def integrated_gradients(self, x):
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        alphas = torch.from_numpy((nodes + 1) / 2).float().expand(len(x), -1)
        return self.along_paths(x, alphas, torch.from_numpy(weights / 2).float())

    def gradient_shap(self, x):
        return self.along_paths(x, torch.rand(len(x), DRAWS), torch.full((DRAWS,), 1 / DRAWS))

    def replaced(self, x, kept):
        """Outputs with inputs set to zero where `kept` (k, inputs) is: (n, k, outputs)."""
        found = []
        with torch.no_grad():
            for part in x.split(max(1, CHUNK // len(kept))):
                points = (part[:, None, :] * kept).reshape(-1, x.shape[1])
                found.append(self.model(points).reshape(len(part), len(kept), OUTPUTS))
        return torch.cat(found)

    def feature_ablation(self, x):
        inputs = x.shape[1]
        with torch.no_grad():
            whole = self.model(x)
        return whole[:, None] - self.replaced(x, 1 - torch.eye(inputs))

    def shapley_sampling(self, x):
        inputs = x.shape[1]
        found = torch.zeros(len(x), inputs, OUTPUTS)
        for _ in range(PERMUTATIONS):
            order = torch.randperm(inputs)
            kept = torch.zeros(inputs + 1, inputs)
            for step, feature in enumerate(order):
                kept[step + 1 :, feature] = 1
            values = self.replaced(x, kept)
            found[:, order] += values[:, 1:] - values[:, :-1]
        return found / PERMUTATIONS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recording")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", choices=["stock", "batched"], required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arrays = np.load(arguments.recording)
    samples = torch.from_numpy(arrays["x"])
    assert samples.dtype == torch.float32
    model = encoder(samples.shape[1], arrays["parameters"])
    side = {"stock": Stock, "batched": Batched}[arguments.variant](model)

    def answer(value):
        print(json.dumps(value), file=answers, flush=True)

    answer(
        {
            "captum": captum.__version__,
            "cebra": cebra.__version__,
            "torch": torch.__version__,
            "scipy": scipy.__version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
            "threads": torch.get_num_threads(),
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        work = getattr(side, request["work"].replace("-", "_"))
        x = samples[: request["samples"]]
        milliseconds, value = [], None
        for _ in range(request["steps"]):
            start = time.perf_counter()
            value = float(np.abs(np.asarray(work(x))).mean())
            milliseconds.append(1000 * (time.perf_counter() - start))
        answer({"milliseconds": milliseconds, "value": value})


if __name__ == "__main__":
    main()
