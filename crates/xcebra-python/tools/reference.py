"""Writes the page docs/reference/python.md from the docstrings; with --check, fails if it is not current."""

from __future__ import annotations

import inspect
import pathlib
import sys
import textwrap

import xcebra

PAGE = pathlib.Path(__file__).parents[3] / "docs/reference/python.md"

SECTIONS = [
    ("Explaining a model", "xcebra", ["CrossDomainIG", "Attribution", "Axes", "Axis", "rank_domains", "DomainScore", "interactions", "Interactions", "domain_names"]),
    ("Attribution methods on any model", "xcebra", ["attribute", "AttributionMap", "method_names"]),
    ("Training encoders", "xcebra", ["XCEBRA", "Significance"]),
    ("Around a training", "xcebra", ["decode", "Decoded", "compare", "Compared", "search", "Searched", "Chance"]),
    ("Work in pieces", "xcebra.study", ["plan_fit", "plan_search", "plan_significance", "plan_attribute", "plan_embed", "plan_explain", "run", "status", "gather"]),
    ("Data files", "xcebra", ["read", "Recording", "show", "Contents"]),
    ("Reports", "xcebra", ["Report"]),
    ("Threads and warnings", "xcebra", ["threads", "set_num_threads", "get_num_threads", "XcebraWarning"]),
    ("Models", "xcebra.models", ["Torch", "Keras", "TensorFlow", "Jax", "Callables", "BlackBox", "Onnx", "Model"]),
    ("Domains", "xcebra.domains", ["Basis", "Stft", "Domain"]),
    ("Scores", "xcebra.metrics", ["auroc", "average_precision"]),
    ("Generated data", "xcebra.synth", ["dataset", "Dataset"]),
    ("Moving from CEBRA", "xcebra.compat.cebra", ["CEBRA", "load_data"]),
    ("Moving from cross_domain_saliency_maps", "xcebra.compat.cross_domain_saliency_maps", ["TimeIG", "FourierIG", "STFTIG", "ICAIG", "DWTIG", "ComplexCepstrumIG", "CaptumCrossDomainIG", "CaptumTimeIG", "CaptumFourierIG", "CaptumSTFTIG", "CaptumICAIG", "CaptumDWTIG", "CaptumComplexCepstrumIG"]),
]

#: Bases that hold a part of what their only public class has.
PARTS = ["WithMaps", "WithVerdict", "InFiles", "OfSessions"]


def signature(thing: object, name: str) -> str:
    try:
        found = inspect.signature(thing)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return name
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values() if p.name != "self"]
    return f"{name}{found.replace(parameters=parameters, return_annotation=inspect.Signature.empty)}"


def documented(thing: object, name: str, level: int) -> list[str]:
    text = inspect.getdoc(thing) or ""
    lines = [f"{'#' * level} `{name}`", ""]
    if callable(thing) and not (inspect.isclass(thing) and thing.__init__ is object.__init__):  # type: ignore[misc]
        lines += ["```text", "\n".join(textwrap.wrap(signature(thing, name), 110, subsequent_indent="    ")), "```", ""]
    first, _, rest = text.partition("\n\n")
    lines += [first.replace("\n", " "), ""]
    if rest:
        lines += ["```text", rest.rstrip(), "```", ""]
    return lines


def members(thing: type) -> list[tuple[str, object]]:
    """What a class has, and what it has from bases of this package that are no public classes."""
    bases = [base for base in thing.__bases__ if base.__module__.startswith("xcebra.") and base.__name__ in PARTS]
    found: dict[str, object] = {}
    for one in [thing, *bases]:
        for name, value in vars(one).items():
            found.setdefault(name, value)
    return list(found.items())


def page() -> str:
    lines = [
        "# The Python package",
        "",
        "<!-- Written by crates/xcebra-python/tools/reference.py from the docstrings; do not edit. -->",
        "",
        "`help(xcebra.CrossDomainIG)` shows the same text in Python.",
        "",
    ]
    for title, module, names in SECTIONS:
        lines += [f"## {title}", ""]
        found = __import__(module, fromlist=["_"])
        for name in names:
            thing = getattr(found, name)
            lines += documented(thing, name, 3)
            if not inspect.isclass(thing):
                continue
            for method, value in members(thing):
                if method.startswith("_") or not callable(getattr(value, "__func__", value)):
                    continue
                lines += documented(getattr(thing, method), f"{name}.{method}", 4)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        sys.exit(f"{PAGE.name} is not current; run crates/xcebra-python/tools/reference.py")


main()
