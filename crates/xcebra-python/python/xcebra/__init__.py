"""Explain time series.

`CrossDomainIG` says which frequencies, wavelets or other components of a signal carry a model's output. `XCEBRA` trains
an encoder of a recording, and its maps say which channels drive which latents.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import domains, metrics, models, study, synth
from ._around import Chance, Compared, Decoded, Searched, compare, decode, search
from ._axes import Axes, Axis
from ._explain import CrossDomainIG
from ._files import Contents, Recording, read, show
from ._interactions import DomainScore, Interactions, domain_names, interactions, rank_domains
from ._maps import AttributionMap, Significance, attribute, method_names
from ._report import Report
from ._result import Attribution
from ._run import XcebraWarning, get_num_threads, set_num_threads, threads
from ._xcebra import __version__

if TYPE_CHECKING:
    from . import compat
    from ._estimator import XCEBRA

__all__ = [
    "XCEBRA",
    "Attribution",
    "AttributionMap",
    "Axes",
    "Axis",
    "Chance",
    "Compared",
    "Contents",
    "CrossDomainIG",
    "Decoded",
    "DomainScore",
    "Interactions",
    "Recording",
    "Report",
    "Searched",
    "Significance",
    "XcebraWarning",
    "__version__",
    "attribute",
    "compare",
    "compat",
    "decode",
    "domain_names",
    "domains",
    "get_num_threads",
    "interactions",
    "method_names",
    "metrics",
    "models",
    "rank_domains",
    "read",
    "search",
    "set_num_threads",
    "show",
    "study",
    "synth",
    "threads",
]


def __getattr__(name: str) -> Any:
    # scikit-learn takes longer to import than everything else here, and few calls need it
    if name == "XCEBRA":
        from ._estimator import XCEBRA

        return XCEBRA
    if name == "compat":
        return import_module("xcebra.compat")
    raise AttributeError(f"module 'xcebra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
