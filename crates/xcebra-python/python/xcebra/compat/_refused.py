"""Arguments that have no meaning here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def refuse(owner: str, given: Mapping[str, Any], usual: Mapping[str, tuple[tuple[Any, ...], str]]) -> None:
    """Refuse arguments with other values than those that mean nothing.

    Parameters
    ----------
    given
        The further arguments.
    usual
        For each known one the values that are passed over, and what to use instead of others.
    """
    for name, value in given.items():
        if name not in usual:
            raise TypeError(f"{owner}() got an unexpected keyword argument {name!r}")
        passed, instead = usual[name]
        if not any(value is one or (type(value) is type(one) and value == one) for one in passed):
            raise ValueError(f"{owner}: {name}={value!r} has no meaning here; {instead}")
