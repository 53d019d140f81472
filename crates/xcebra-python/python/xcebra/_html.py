"""Results in a notebook: the same pages as the reports of the program."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from . import _xcebra

if TYPE_CHECKING:
    from ._result import Attribution

def page_html(page: str, height: int = 640) -> str:
    """A page in a frame of its own, so that its style and its script stay inside."""
    return (
        f'<iframe srcdoc="{html.escape(page, quote=True)}" style="width:100%;height:{height}px;border:1px solid #ddd" '
        'sandbox="allow-scripts allow-downloads"></iframe>'
    )


def attribution_html(found: Attribution) -> str:
    """The report of the first signal of an attribution, in a frame."""
    return page_html(attribution_page(found))


def attribution_page(found: Attribution, signal: int = 0, output: int = 0) -> str:
    """A page of HTML with a picture and the strongest coefficients."""
    values, axes = found._drawn(signal, output)
    values = np.atleast_2d(values)
    columns = axes[-1]
    rows = axes[0] if len(axes) == 2 else None
    value = np.atleast_2d(found.value[signal]).reshape(-1)[output if found.has_output_axis else 0]
    baseline = np.atleast_2d(found.baseline_value[signal]).reshape(-1)[output if found.has_output_axis else 0]
    return _xcebra.attribution_page(
        {
            "title": f"Attribution in the domain {found.domain}",
            "lead": f"The output is {value:.4g} for the signal and {baseline:.4g} for the baseline. "
            "The attributions add up to the difference.",
            "values": np.ascontiguousarray(values, dtype=np.float64),
            "row_title": rows.title if rows is not None else "",
            "row_names": rows.labels if rows is not None else [""],
            "column_title": columns.title,
            "column_names": columns.labels,
            "columns": None if columns.values is None else [float(v) for v in columns.values],
            "caption": f"Signal {signal} of {len(found)}.",
            "top": [(row["coefficient"], row["attribution"]) for row in found.top(8, signal, output)],
        }
    )
