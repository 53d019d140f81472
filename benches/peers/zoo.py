"""Exports networks of several libraries to ONNX and computes the files with xcebra-onnx: values and attributions.

    cargo build -p xcebra-onnx --example zoo_case
    python benches/peers/zoo.py target/debug/examples/zoo_case [--only braindecode] [--results zoo.jsonl] [--table FILE]

The networks are those of `zoo_networks.py` and `zoo_keras.py`, small, with random weights of a fixed seed. Each is exported by both exporters of
PyTorch: the newer one (`dynamo=True`) with a batch of one, the older one (`dynamo=False`) with a batch of any length if it can. A file counts
if onnxruntime computes it. It is right if

- its values are those of onnxruntime, or those of the network in double precision, to 1e-5 of the largest one;
- the integrated gradients of a weighted sum of all outputs, with eight points of Gauss and Legendre, in double precision, are those of PyTorch
  in double precision to 1e-6 of the largest one. Where a module detaches statistics, the reference is the module without `detach`.

A line of results is kept for each file, and what is there is not done again: `--again` names what is (a part of names).
Needs the packages of `zoo-requirements.txt`.
"""

import argparse
import collections
import copy
import io
import json
import os
import signal
import sys
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.simplefilter("ignore")
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

import onnx_cases  # noqa: E402

VALUE, ATTRIBUTION = 1e-5, 1e-6
PATIENCE = 90  # seconds for one step
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS, WEIGHTS = (POINTS + 1) / 2, WEIGHTS / 2


@contextmanager
def limited(seconds):
    def stop(*_):
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def quiet(function, *args, **kwargs):
    with limited(PATIENCE), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return function(*args, **kwargs)


def first(output):
    """The first tensor of what a network returns."""
    while not isinstance(output, torch.Tensor):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return output


def export(network, x, exporter, path):
    """Writes the file; the older exporter leaves the number of samples open if it can."""
    if exporter == "keras":
        network.export(path, format="onnx", verbose=False)
        return
    if exporter == "new":
        torch.onnx.export(network, (x[:1],), path, dynamo=True, external_data=False, verbose=False)
        return
    settings = {"dynamo": False, "opset_version": 17, "input_names": ["x"], "output_names": ["y"]}
    try:
        torch.onnx.export(network, (x,), path, dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, **settings)
        by_onnxruntime(path, x.numpy())
    except TimeoutError:
        raise
    except Exception:
        torch.onnx.export(network, (x[:1],), path, **settings)


def by_onnxruntime(path, x):
    """Values (n, outputs), one sample at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: s[None]})[0].reshape(1, -1) for s in x])


def by_torch(network, points, weights):
    """Values (n, outputs) and gradients of the weighted sum, one sample at a time."""
    values, gradients = [], []
    for point in points:
        given = torch.tensor(point[None], requires_grad=True)
        y = first(network(given)).reshape(-1)
        (gradient,) = torch.autograd.grad((y * torch.tensor(weights, dtype=y.dtype)).sum(), given)
        values.append(y.data.numpy())
        gradients.append(gradient.numpy()[0])
    return np.array(values), np.array(gradients)


def without_detach(function, *args):
    """A file of ONNX does not say where derivatives stop, so the reference takes those that the module leaves out."""
    kept, torch.Tensor.detach = torch.Tensor.detach, lambda self: self
    try:
        return function(*args)
    finally:
        torch.Tensor.detach = kept


def by_xcebra(program, path, points, weights):
    value, gradient = (str(program.folder / name) for name in ("value.npy", "gradient.npy"))
    x, weights = program.array("x", points), program.array("weights", weights)
    answer = program.ask(model=path, x=x, weights=weights, value=value, gradient=gradient)
    if "problem" in answer:
        raise ValueError(answer["problem"])
    return np.load(value), np.load(gradient)


def difference(a, b):
    """Relative to the largest number."""
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def compare(program, path, network, x):
    """Errors of values and attributions. Points of the path of sample i, from zero, are rows i·8 to i·8 + 7; the samples follow."""
    samples = x.numpy()
    expected = by_onnxruntime(path, samples)
    if not np.isfinite(expected).all():
        return {"status": "not counted", "reason": "its values are not finite"}
    outputs = expected.shape[1]
    weights = np.cos(0.7 * np.arange(outputs)) / outputs
    wide = samples.astype(np.float64)
    points = np.concatenate([p * s[None] for s in wide for p in POINTS[:, None]] + [wide]).reshape(-1, *wide.shape[1:])
    value, gradient = by_xcebra(program, path, points, weights)
    attribution = integrated(gradient, wide)
    value_error = difference(value[-len(wide):], expected)
    result = {"value error": value_error, "attribution error": None}
    try:
        precise = quiet(copy.deepcopy(network).double().eval)
        known, slopes = quiet(by_torch, precise, points, weights)
    except Exception as error:
        return result | status(result) | {"reason": f"no attribution by torch in double precision: {short(error)}"}
    result["value error"] = min(value_error, difference(value[-len(wide):], known[-len(wide):]))
    reference = integrated(slopes, wide)
    result["attribution error"] = difference(attribution, reference)
    if result["attribution error"] > ATTRIBUTION:
        reference = integrated(quiet(without_detach, by_torch, precise, points, weights)[1], wide)
        if difference(attribution, reference) <= ATTRIBUTION:
            result |= {"attribution error": difference(attribution, reference), "reason": "compared without detach()"}
    result["constant"] = not np.abs(reference).max() > 0
    return result | status(result)


def integrated(gradients, samples):
    """Integrated gradients of each sample from zero."""
    along = gradients[: len(samples) * len(POINTS)].reshape(len(samples), len(POINTS), *samples.shape[1:])
    return samples * np.einsum("p,np...->n...", WEIGHTS, along)


def status(result):
    if not result["value error"] <= VALUE:
        return {"status": "another value"}
    error = result["attribution error"]
    return {"status": "right" if error is None or error <= ATTRIBUTION else "another attribution"}


def short(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:600]


def examine(program, build, exporter, folder):
    """What came out for one network and exporter."""
    path = str(Path(folder) / "network.onnx")
    Path(path).unlink(missing_ok=True)
    try:
        torch.manual_seed(0)
        np.random.seed(0)
        network, precise, x = quiet(build)
        quiet(export, network, x, exporter, path)
    except BaseException as error:  # some exporters raise something else than an Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return {"status": "not exported", "reason": short(error)}
    try:
        quiet(by_onnxruntime, path, x.numpy())
    except Exception as error:
        return {"status": "not counted", "reason": f"onnxruntime: {short(error)}"}
    if onnx_cases.operators(onnx.load(path)) & onnx_cases.CHANCE:
        return {"status": "not counted", "reason": "its values depend on chance"}
    try:
        return compare(program, path, precise, x)
    except Exception as error:
        return {"status": "refused", "reason": short(error)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--only", default="", help="part of the names of networks")
    parser.add_argument("--again", help="part of the names of networks that are done again")
    parser.add_argument("--results", default="zoo.jsonl")
    parser.add_argument("--table", help="only write the tables of the results to this file")
    parser.add_argument("--keep", help="folder for the files that are not right")
    given = parser.parse_args()
    results = {}
    if Path(given.results).exists():
        for line in Path(given.results).read_text().splitlines():
            entry = json.loads(line)
            results[entry["network"], entry["exporter"]] = entry
    if given.table:
        import zoo_table

        Path(given.table).write_text(zoo_table.tables(list(results.values())))
        return
    torch.set_num_threads(1)
    onnx_cases.PATIENCE = PATIENCE
    networks = collections.OrderedDict()
    for module in ("zoo_networks", "zoo_keras"):
        networks |= quiet(lambda: __import__(module).NETWORKS)
    with tempfile.TemporaryDirectory() as folder, open(given.results, "a") as kept:
        program = onnx_cases.Program(given.program, folder)
        for name, build in networks.items():
            for exporter in ["keras"] if name.startswith("keras") else ["new", "old"]:
                known = (name, exporter) in results and not (given.again and given.again in name)
                if known or given.only not in name:
                    continue
                entry = {"network": name, "exporter": exporter} | examine(program, build, exporter, folder)
                print(json.dumps(entry)[:300], flush=True)
                kept.write(json.dumps(entry) + "\n")
                kept.flush()
                path = Path(folder) / "network.onnx"
                if given.keep and entry["status"] in ("refused", "another value", "another attribution"):
                    target = Path(given.keep) / f"{name.replace('/', '-')}-{exporter}.onnx"
                    target.write_bytes(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
