"""Results that a notebook shows as the page of their report."""

from __future__ import annotations

from ._html import page_html


class InNotebook:
    """A result with a page of HTML, which is empty if it has none to show."""

    _page: str

    def _repr_html_(self) -> str:
        return page_html(self._page) if self._page else f"<pre>{self!r}</pre>"
