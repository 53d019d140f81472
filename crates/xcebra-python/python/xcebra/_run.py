"""How work runs: on how many threads, and what is seen of it meanwhile."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from . import _xcebra


class XcebraWarning(UserWarning):
    """Something was assumed, left out or repaired, or a result needs a second look."""


_default_threads: int | None = None
_threads: contextvars.ContextVar[int | None] = contextvars.ContextVar("xcebra_threads", default=None)


def set_num_threads(n: int | None) -> None:
    """Set how many threads compute from now on.

    Parameters
    ----------
    n : int or None
        At least 1; None for the default.

    See Also
    --------
    threads : the same within a block.
    """
    global _default_threads
    _default_threads = _checked(n)


def get_num_threads() -> int:
    """How many threads compute.

    By default as many as the environment variable ``RAYON_NUM_THREADS`` says, or as the process may use
    processors.

    Returns
    -------
    int
    """
    return _threads.get() or _default_threads or _xcebra.usual_threads()


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Compute on `n` threads within the block.

    Results do not depend on the number of threads.

    Examples
    --------
    >>> import xcebra
    >>> with xcebra.threads(1):
    ...     xcebra.get_num_threads()
    1
    """
    token = _threads.set(_checked(n))
    try:
        yield
    finally:
        _threads.reset(token)


def _checked(n: int | None) -> int | None:
    if n is None:
        return None
    if isinstance(n, bool) or int(n) != n or n < 1:
        raise ValueError(f"the number of threads is {n!r}; pass a whole number of at least 1")
    return int(n)


class Bar:
    """Progress on a terminal or in a notebook, if tqdm is installed."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.task: str | None = None

    def __call__(self, task: str, done: int, total: int, message: str) -> None:
        if task != self.task:
            self.close()
            self.task = task
            self.bar = _tqdm()(total=total, desc=task, delay=0.5, leave=False)
        bar = self.bar
        bar.total = total
        if message:
            bar.set_postfix_str(message, refresh=False)
        bar.update(done - bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def _tqdm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns of notebooks without widgets
        from tqdm.auto import tqdm
    return tqdm


def _wants_bar(progress: bool | Callable[..., None] | None) -> bool:
    if progress is None and not (sys.stderr is not None and sys.stderr.isatty()) and "ipykernel" not in sys.modules:
        return False
    if progress is False:
        return False
    try:
        _tqdm()
    except ImportError:
        return False
    return True


@contextlib.contextmanager
def shown(
    progress: bool | Callable[[str, int, int, str], None] | None,
    note: Callable[[str], None] | None = None,
    n_threads: int | None = None,
) -> Iterator[dict[str, Any]]:
    """What the compiled half is told about showing its work.

    Parameters
    ----------
    progress
        True for a bar (tqdm, if it is installed), False for none, None for a bar on terminals and in notebooks, or
        a function of task, done, total and message.
    note
        Called with each note; by default notes become warnings.
    n_threads
        How many threads compute.
    """
    bar = None
    report: Callable[..., None] | None = None
    if callable(progress):
        report = progress
    elif _wants_bar(progress):
        report = bar = Bar()
    try:
        yield {
            "progress": report,
            "note": note if note is not None else warn,
            "threads": _checked(n_threads) or get_num_threads(),
        }
    finally:
        if bar is not None:
            bar.close()


def warn(text: str) -> None:
    """Tell the user's own line of code."""
    frame = sys._getframe(1)
    depth = 1
    while frame is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == "xcebra":
        frame = frame.f_back  # type: ignore[assignment]
        depth += 1
    warnings.warn(text, XcebraWarning, stacklevel=depth)
