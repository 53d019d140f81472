"""Several results in one page."""

from __future__ import annotations

import html
import os
from typing import Any

from ._html import attribution_page, page_html
from ._result import Attribution


class Report:
    """A self-contained page of HTML that holds several results.

    Parameters
    ----------
    title : str

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> f = xcebra.models.Callables(lambda x: x.sum(1), lambda x, c: np.repeat(c[:, None], 8, axis=1))
    >>> a = xcebra.CrossDomainIG(f, "rfft", fs=8).attribute(np.ones((1, 8)))
    >>> page = xcebra.Report("Session 3").add(a).html()
    >>> "Session 3" in page
    True
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []

    def add(self, *results: Any) -> Report:
        """Add attributions, maps, tests or encoders."""
        for result in results:
            if isinstance(result, Attribution):
                self._parts.append(page_html(attribution_page(result)))
            elif hasattr(result, "_repr_html_"):
                self._parts.append(result._repr_html_())
            else:
                raise TypeError(f"a {type(result).__name__} is not a result that a report can show")
        return self

    def html(self) -> str:
        """The page."""
        title = html.escape(self.title)
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            "<style>body{font-family:sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}</style></head>"
            f"<body><h1>{title}</h1>{''.join(self._parts)}</body></html>"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file."""
        text = self.html()
        temporary = f"{os.fspath(path)}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)

    def _repr_html_(self) -> str:
        return page_html(self.html())
