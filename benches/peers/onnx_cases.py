"""Runs ONNX's own cases of single operators through xcebra-onnx: values, and gradients against differences.

    cargo build -p xcebra-onnx --example node_case
    python benches/peers/onnx_cases.py target/debug/examples/node_case [--only Resize] [--list failed] [--report FILE] [--table FILE]

The cases are those of `onnx.backend.test`. Numbers are floats of at least 16 bits, integers and truth values. A case counts if it is a
function of real numbers:

- an input is a tensor of floats that does not just set the shape of the result (as all inputs of Range and the depth of OneHot do);
- all inputs are tensors of numbers, or lists of them;
- an output is a tensor of numbers;
- the result does not depend on chance, and the operator is not one that trains.

All others are left out, with the reason. A case is right if every output of numbers equals the one that is stored with the case, as a function of
the first such input, while the other inputs are fixed, and if its derivative is that of central differences in double precision, or zero
if the result moves in steps. `--every` takes each such input in turn instead of the first.

`docs/reports/onnx.md` has the table that `--table` writes.

Versions: onnx 1.23.2, numpy 2.4.6 (Python 3.11).
"""

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")  # some cases divide by zero on purpose
from onnx import TensorProto, numpy_helper  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402

SINGLE = 1e-5  # a few dozen roundings of single precision
FOUR_DIGITS = 5e-5  # the stored result was written down with four decimals
HALF = 1e-2  # the stored result was rounded to 16 bits, and so was what came before
REAL = {TensorProto.FLOAT: SINGLE, TensorProto.DOUBLE: SINGLE, TensorProto.FLOAT16: HALF, TensorProto.BFLOAT16: HALF}
PATIENCE = 20  # seconds for one question
SHAPES = {"OneHot": [1], "Range": [0, 1, 2]}  # inputs that set the shape of the result
CHANCE = {"Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"}


def operators(model):
    """All operators of a model, those of its functions and inner graphs included."""
    found, graphs = set(), [model.graph, *model.functions]
    while graphs:
        for node in graphs.pop().node:
            found.add(node.op_type)
            for attribute in node.attribute:
                graphs += [attribute.g] if attribute.HasField("g") else []
                graphs += attribute.graphs
    return found


def explained(case, arrays):
    """Names of the inputs of real numbers of which the result is a function."""
    shapes = {n.input[i] for n in case.model.graph.node for i in SHAPES.get(n.op_type, []) if i < len(n.input)}
    if case.name.startswith("test_range_"):  # written out as other operators, too
        shapes = set(arrays)
    return [name for name, (kind, _) in arrays.items() if kind in REAL and name not in shapes]


def unfit(case, arrays, results):
    """Why a case says nothing about functions of real numbers; None if it does."""
    model = case.model
    if any(o.domain.startswith("ai.onnx.preview") for o in model.opset_import):
        return "training operator"
    if operators(model) & CHANCE or (any(n.op_type == "Dropout" for n in model.graph.node) and "train" in case.name):
        return "depends on chance"
    if not any(kind in REAL for kind, _ in arrays.values()):
        return "no input of real numbers"
    if not explained(case, arrays):
        return "its real inputs set the shape of the result"
    tensors = [i for i in case.model.graph.input if i.type.HasField("tensor_type")]
    if any(i.name not in arrays for i in tensors):
        return "an input of text or of floats of fewer than 16 bits"
    if not results:
        return "no output that is a tensor of numbers"
    return None


def numbers(value, info):
    """Element type and numbers of a tensor; None for texts, sequences, optional values and eight-bit floats."""
    if not info.type.HasField("tensor_type") or not isinstance(value, np.ndarray):
        return None
    small = value.dtype.name.startswith("float") and value.dtype.itemsize == 1
    integer = value.dtype.name in {"int2", "int4", "uint2", "uint4"}
    if small or (value.dtype.kind not in "fiub" and value.dtype.name != "bfloat16" and not integer):
        return None
    return info.type.tensor_type.elem_type, value.astype(np.float64)


def precision(kind, values):
    """How exact the numbers are that a case stores."""
    tolerance = REAL.get(kind, SINGLE)
    digits = [np.array_equal(np.round(values, n).astype(np.float32), values.astype(np.float32)) for n in (2, 4)]
    return max(tolerance, FOUR_DIGITS) if digits == [False, True] else tolerance


def loaded(case):
    """Inputs and outputs of the first data set by their names."""
    inputs, outputs = case.data_sets[0]

    def named(values, infos):
        found = {}
        for value, info in zip(values, infos):
            if isinstance(value, TensorProto):
                value = numpy_helper.to_array(value)
            entry = numbers(value if not np.isscalar(value) else np.asarray(value), info)
            if entry is not None:
                found[info.name] = entry
        return found

    return named(inputs, case.model.graph.input), named(outputs, case.model.graph.output)


class Program:
    """The example `node_case`, which answers one line for each that it reads."""

    def __init__(self, path, folder):
        self.folder = Path(folder)
        self.path = path
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, **job):
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            watch = threading.Timer(PATIENCE, self.process.kill)
            watch.start()
            answer = self.process.stdout.readline()
            watch.cancel()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.process.wait()
            self.start()
            return {"problem": f"the program ended, or took more than {PATIENCE} s"}
        return json.loads(answer)

    def array(self, name, values):
        path = self.folder / f"{name}.npy"
        np.save(path, np.asarray(values, order="C"))
        return str(path)


def run(program, case, arrays, results, every):
    """What went wrong, a line each, for the real inputs and all outputs."""
    model = program.folder / "model.onnx"
    model.write_bytes(case.model.SerializeToString())
    real = explained(case, arrays)
    problems = []
    for x in real if every else real[:1]:
        constants = {n: program.array(f"constant{i}", v) for i, (n, (_, v)) in enumerate(arrays.items()) if n != x}
        for y, (kind, expected) in results.items():
            widest = max(precision(kind, expected), REAL[arrays[x][0]])
            answer = program.ask(
                model=str(model), input=x, output=y, constants=constants, tolerance=widest,
                x=program.array("x", arrays[x][1]), y=program.array("y", expected),
            )
            if "problem" in answer:
                problems.append(f"{x} -> {y}: {answer['problem']}")
    return problems


def operator(case):
    """The operator that a case is about."""
    named = [n.op_type for n in case.model.graph.node if n.op_type not in {"Constant", "Cast"}]
    return named[-1] if named else case.model.graph.node[-1].op_type


def reason(problem):
    """A problem without names of values, numbers of the case, and advice."""
    text = problem.split(": ", 1)[-1].split(" [")[0]
    text = re.sub(r"^node '[^']*' \(\w+\): ", "", text)
    if "differs by" in text:
        return "another value"
    return text if "gradient" not in text else "another gradient"


def write_table(path, counts, left_out, report, about):
    """Markdown: how many cases are right, for each operator that is not always right, and what was left out."""
    total = sum(counts.values())
    lines = [f"{counts['right']} of {total} cases of real numbers are right ({counts['right'] / total:.1%}).", ""]
    lines += ["| operator | right | of | reason of the others |", "|---|---:|---:|---|"]
    operators_found = collections.defaultdict(list)
    for name, problems in report.items():
        operators_found[about.get(name.split("_expanded")[0], about[name])].append(problems)
    for op, cases in sorted(operators_found.items()):
        wrong = [problems[0] for problems in cases if problems]
        if wrong:
            reasons = "; ".join(dict.fromkeys(reason(problem) for problem in wrong))
            lines.append(f"| {op} | {len(cases) - len(wrong)} | {len(cases)} | {reasons} |")
    rest = sorted(op for op, cases in operators_found.items() if not any(cases))
    lines += ["", f"All cases of {len(rest)} operators are right: {', '.join(rest)}.", ""]
    lines += ["| left out | cases |", "|---|---:|"]
    lines += [f"| {why} | {count} |" for why, count in left_out.most_common()]
    Path(path).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the example node_case of xcebra-onnx")
    parser.add_argument("--only", default="", help="cases whose name or operators contain this text")
    parser.add_argument("--every", action="store_true", help="each real input in turn")
    parser.add_argument("--list", choices=["failed", "right", "unfit", "none"], default="failed")
    parser.add_argument("--report", help="writes one JSON object, from each case to its problems, to this file")
    parser.add_argument("--table", help="writes a table in Markdown to this file")
    arguments = parser.parse_args()
    words = arguments.only.lower()
    counts, left_out, report, about = collections.Counter(), collections.Counter(), {}, {}
    with tempfile.TemporaryDirectory() as folder:
        program = Program(arguments.program, folder)
        for case in load_model_tests(kind="node"):
            if words not in " ".join([case.name, *operators(case.model)]).lower():
                continue
            arrays, results = loaded(case)
            why = unfit(case, arrays, results)
            if why:
                left_out[why] += 1
                if arguments.list == "unfit":
                    print(f"{case.name}: {why}")
                continue
            problems = run(program, case, arrays, results, arguments.every)
            report[case.name] = problems
            about[case.name] = operator(case)
            counts["failed" if problems else "right"] += 1
            if arguments.list == "failed":
                for problem in problems[:1]:
                    print(f"{case.name}: {problem}")
            elif arguments.list == "right" and not problems:
                print(case.name)
    if arguments.report:
        Path(arguments.report).write_text(json.dumps(report, indent=0))
    if arguments.table:
        write_table(arguments.table, counts, left_out, report, about)
    total = sum(counts.values())
    print(f"{counts['right']} of {total} cases of real numbers are right ({counts['right'] / max(total, 1):.1%})")
    for reason, count in left_out.most_common():
        print(f"left out, {reason}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
