"""CEBRA's training step, timed: the other side of `cargo xtask bench --peers`.

Reads one JSON object a line, {"objectives": "hybrid" | "time" | "animals", "batch": n, "steps": k} or
{"encoder": "offset10", ...}, makes k training steps and answers with their wall-clock milliseconds.

Variant `stock` is CEBRA 0.6.1 as its documentation uses it: ContrastiveMultiObjectiveLoader,
ContrastiveMultiobjectiveSolverxCEBRA, FixedEuclideanInfoNCE, JacobianReg(n=1), Adam. One step is
what its `fit` does for one batch: `loader.get_indices`, `dataset.load_batch_contrastive`,
`solver.step`. The solver applies the regulariser once an objective, so twice in a hybrid step.

Variant `kdtree` is the same with two changes, which make it the fair rival: nearest labels come
from a k-d tree (scipy's cKDTree, all threads) instead of a comparison with every sample, and the
regulariser is applied once, to the whole embedding.

`animals` are two sessions of 40 and 45 channels with CEBRA's multi-session loader and solver, n references a
session; CEBRA has no regulariser for them. With `encoder` it is CEBRA's usual training: ContinuousDataLoader with
`time_delta` over ten samples, the `single-session` solver and FixedCosineInfoNCE.
"""

import argparse
import json
import os
import sys
import time

answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
sys.stdout = open(os.devnull, "w")  # CEBRA prints while it is set up

import cebra
import cebra.data
import cebra.distributions
import cebra.models
import cebra.solver
import numpy as np
import scipy
import torch
from cebra.data.datasets import DatasetCollection, DatasetxCEBRA, TensorDataset
from cebra.data.multi_session import ContinuousMultiSessionDataLoader
from cebra.data.multiobjective import ContrastiveMultiObjectiveLoader
from cebra.data.single_session import ContinuousDataLoader
from cebra.models.criterions import FixedCosineInfoNCE, FixedEuclideanInfoNCE
from scipy.spatial import cKDTree

OUTPUTS = 6
LEARNING_RATE = 3e-4
PENALTY_WEIGHT = 0.1
DOUBLED = 20_000  # samples of the recording of twice the channels
WARM_UP = 3  # TorchScript compiles the loss during the first calls


class KdTree:
    """Answers like cebra.distributions.ContinuousIndex."""

    def __init__(self, labels, threads):
        self.tree = cKDTree(labels.numpy())
        self.threads = threads

    def search(self, query):
        _, found = self.tree.query(query.numpy(), workers=self.threads)
        return torch.from_numpy(found)


class PenaltyOnce:
    """Applies the regulariser to the first objective, which has the whole embedding."""

    def __init__(self, module):
        self.module = module

    def parameters(self):
        return self.module.parameters()

    def __call__(self, inputs, outputs):
        if outputs.shape[1] == OUTPUTS:
            return self.module(inputs, outputs)
        return torch.zeros(())


class Training:
    def __init__(self, samples, labels, objectives, batch, variant, threads):
        self.batch = batch
        dataset = DatasetxCEBRA(samples, z2=labels)
        self.loader = ContrastiveMultiObjectiveLoader(
            dataset=dataset, num_steps=1, batch_size=batch
        )
        config = cebra.solver.MultiObjectiveConfig(self.loader)
        parts = [((0, OUTPUTS), "time", {"time_offset": 1})]
        if objectives == "hybrid":
            label = {"label_name": "z2", "time_delta": 1}
            parts.append((((OUTPUTS + 1) // 2, OUTPUTS), "time_delta", label))
        for dims, distribution, settings in parts:
            config.set_slice(*dims)
            config.set_loss("FixedEuclideanInfoNCE", temperature=1.0)
            config.set_distribution(distribution, **settings)
            config.push()
        config.finalize()

        model = cebra.models.init(
            "offset1-model-mse-clip-5-5",
            num_neurons=samples.shape[1],
            num_units=256,  # unused: this model's widths follow from its outputs
            num_output=OUTPUTS,
        )
        dataset.configure_for(model)
        self.parameters = sum(p.numel() for p in model.parameters())
        weights = list(model.parameters()) + list(config.criterion.parameters())
        regularizer = cebra.models.JacobianReg(n=1)
        if variant == "kdtree":
            regularizer = PenaltyOnce(regularizer)
            for distribution in self.loader.distributions:
                if hasattr(distribution, "index"):
                    distribution.index = KdTree(labels, threads)
        self.solver = cebra.solver.init(
            "multiobjective-solver",
            model=model,
            feature_ranges=config.feature_ranges,
            renormalize=False,
            criterion=config.criterion,
            optimizer=torch.optim.Adam(weights, lr=LEARNING_RATE),
            regularizer=regularizer,
            tqdm_on=False,
        )
        self.solver.model.train()
        self.penalty = [PENALTY_WEIGHT] * len(parts) if objectives == "hybrid" else None
        for _ in range(WARM_UP):
            self.step()

    def step(self):
        index = self.loader.get_indices(num_samples=self.batch)
        batch = self.loader.dataset.load_batch_contrastive(index)
        return self.solver.step(batch, weights_regularizer=self.penalty)

    def loss(self):
        log = self.solver.log.items()
        return sum(values[-1] for key, values in log if key[0] == "loss_train")


class OneObjective:
    """A training by one of CEBRA's own solvers, whose loader is there."""

    def begin(self, solver, model, criterion, batch):
        self.parameters = sum(p.numel() for p in model.parameters())
        self.batch = batch
        self.solver = cebra.solver.init(
            solver,
            model=model,
            criterion=criterion,
            optimizer=torch.optim.Adam(model.parameters(), lr=LEARNING_RATE),
            tqdm_on=False,
        )
        self.solver.model.train()
        for _ in range(WARM_UP):
            self.step()

    def step(self):
        index = self.loader.get_indices(num_samples=self.batch)
        batch = self.loader.dataset.load_batch(index)
        return self.solver.step(batch)

    def loss(self):
        return self.solver.log["total"][-1]


class Animals(OneObjective):
    def __init__(self, samples, labels, batch, variant, threads):
        half = len(samples) // 2
        parts = [(samples[:half, :40], labels[:half]), (samples[half:, :45], labels[half:])]
        dataset = DatasetCollection(
            *(TensorDataset(neural=x.contiguous(), continuous=y) for x, y in parts)
        )
        models = [
            cebra.models.init(
                "offset1-model-mse-clip-5-5",
                num_neurons=x.shape[1],
                num_units=256,  # unused, as above
                num_output=OUTPUTS,
            )
            for x, _ in parts
        ]
        model = torch.nn.ModuleList(models)
        dataset.configure_for(model)
        self.loader = ContinuousMultiSessionDataLoader(
            dataset=dataset, num_steps=1, batch_size=batch, time_offset=1
        )
        if variant == "kdtree":
            self.loader.sampler.index = [KdTree(y, threads) for _, y in parts]
        self.begin("multi-session", model, FixedEuclideanInfoNCE(temperature=1.0), batch)


class Convolutions(OneObjective):
    def __init__(self, samples, labels, encoder, batch, variant, threads):
        both = [samples[:DOUBLED], samples[DOUBLED : 2 * DOUBLED]]
        samples, labels = torch.cat(both, dim=1), labels[:DOUBLED]
        dataset = TensorDataset(neural=samples, continuous=labels)
        model = cebra.models.init(
            f"{encoder}-model",
            num_neurons=samples.shape[1],
            num_units=32,
            num_output=OUTPUTS,
        )
        dataset.configure_for(model)
        self.loader = ContinuousDataLoader(
            dataset=dataset,
            num_steps=1,
            batch_size=batch,
            conditional="time_delta",
            time_offset=10,
        )
        if variant == "kdtree":
            self.loader.distribution.index = KdTree(labels, threads)
        self.begin("single-session", model, FixedCosineInfoNCE(temperature=1.0), batch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recording")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", choices=["stock", "kdtree"], required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    arrays = np.load(arguments.recording)
    samples = torch.from_numpy(arrays["x"])
    labels = torch.from_numpy(arrays["z2"].astype(np.float32))
    assert samples.dtype == torch.float32

    def answer(value):
        print(json.dumps(value), file=answers, flush=True)

    answer(
        {
            "cebra": cebra.__version__,
            "torch": torch.__version__,
            "scipy": scipy.__version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
            "threads": torch.get_num_threads(),
        }
    )
    trainings = {}
    for line in sys.stdin:
        request = json.loads(line)
        encoder, objectives = request.get("encoder"), request.get("objectives")
        batch = request["batch"]
        key = (encoder, objectives, batch)
        if key not in trainings:
            rest = (batch, arguments.variant, arguments.threads)
            if encoder:
                training = Convolutions(samples, labels, encoder, *rest)
            elif objectives == "animals":
                training = Animals(samples, labels, *rest)
            else:
                training = Training(samples, labels, objectives, *rest)
            trainings[key] = training
        training = trainings[key]
        milliseconds = []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            training.step()
            milliseconds.append(1000 * (time.perf_counter() - start))
        answer(
            {
                "milliseconds": milliseconds,
                "loss": training.loss(),
                "parameters": training.parameters,
            }
        )


if __name__ == "__main__":
    main()
