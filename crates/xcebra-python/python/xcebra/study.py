"""Work in pieces: planned into a folder, run by any number of processes that see it, and gathered.

The files are those of ``xcebra plan``, ``run``, ``status`` and ``gather``: a study that one side planned is run and gathered
by the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from . import _xcebra
from ._around import _choices, _toml
from ._run import shown

__all__ = [
    "gather",
    "plan_attribute",
    "plan_embed",
    "plan_explain",
    "plan_fit",
    "plan_search",
    "plan_significance",
    "run",
    "status",
]

_Path = str | os.PathLike[str]
_Progress = Any


def plan_fit(
    data: _Path | Sequence[_Path],
    out: _Path,
    *,
    settings: Mapping[str, Any] | _Path | None = None,
    seeds: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan a training into a folder, with a piece for each of `seeds`.

    Parameters
    ----------
    data : path or list of path
        The data file of each session, ``FILE`` or ``FILE:ARRAY``.
    out : path
        Folder of the study, which must not exist.
    settings : dict or path, optional
        What the configuration file of ``xcebra fit`` says, or that file.
    seeds : int, optional
        From how many seeds to train in all, to compare the encoders.

    Returns
    -------
    dict
        ``study``, ``command`` and the number of ``pieces``, which are counted from 0.
    """
    with shown(progress) as seen:
        return _answer(_xcebra.plan_fit(_settings(settings), _sources(data), seeds, os.fspath(out), seen))


def plan_search(
    grid: Mapping[str, Sequence[Any]],
    data: _Path | Sequence[_Path],
    out: _Path,
    *,
    settings: Mapping[str, Any] | _Path | None = None,
    random: int | None = None,
    random_state: int = 0,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan a search over settings into a folder, with a piece for each choice.

    Parameters
    ----------
    grid : dict
        Settings, each with a list of values, as in `xcebra.search`.
    data, out, settings
        As in `plan_fit`.
    random : int, optional
        Draw this many combinations at random, by `random_state`, instead of training all.

    Returns
    -------
    dict
        As in `plan_fit`.
    """
    choices = _choices(grid, random, random_state)
    with shown(progress) as seen:
        return _answer(_xcebra.plan_search(_settings(settings), choices, _sources(data), os.fspath(out), seen))


def plan_significance(
    model: _Path,
    data: _Path,
    out: _Path,
    *,
    trainings: int = 20,
    method: str = "ing",
    session: str | None = None,
    null: str = "resampled",
    level: float = 0.05,
    control: str = "bh",
    blocks: int = 40,
    smallest_effect: float = 0.4,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan a test of the entries of a map into a folder, with a piece for each training.

    Parameters
    ----------
    model : path
        Folder of a trained encoder.
    data : path
        The recording that it was trained on, with its labels, ``FILE`` or ``FILE:ARRAY``.
    out : path
        Folder of the study, which must not exist.
    trainings : int
        How many encoders are trained again.
    method : str
        One method or several, separated by commas.
    session : str, optional
        The session whose encoder it is, if several subjects were trained.
    null, level, control, blocks, smallest_effect
        As in `XCEBRA.significance`, and ``--null``, ``--fdr``, ``--control``, ``--blocks`` and ``--smallest-effect`` of
        ``xcebra attribute``.

    Returns
    -------
    dict
        As in `plan_fit`.
    """
    maps = {"model": os.fspath(model), "session": session, "data": os.fspath(data), "methods": method}
    test = {
        "trainings": int(trainings),
        "null": null,
        "level": float(level),
        "control": control,
        "blocks": int(blocks),
        "smallest_effect": float(smallest_effect),
    }
    with shown(progress) as seen:
        return _answer(_xcebra.plan_significance(maps, test, os.fspath(out), seen))


def plan_attribute(
    model: _Path,
    data: _Path,
    out: _Path,
    *,
    method: str = "ing",
    session: str | None = None,
    time_axis: int | None = None,
    hop: int | None = None,
    pieces: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan attribution maps into a folder, in ranges of samples.

    Parameters
    ----------
    model : path
        Folder of a trained encoder, or an ONNX file.
    data : path
        The recording or, for an ONNX file, its signals, ``FILE`` or ``FILE:ARRAY``.
    out : path
        Folder of the study, which must not exist.
    method : str
        One method or several, separated by commas.
    session : str, optional
        The session whose encoder it is, if several subjects were trained.
    time_axis, hop : int, optional
        For an ONNX file, which axis of its input is time, and the samples from one signal to the next where a recording is cut.
    pieces : int, optional
        How many pieces; by default 100, or as many as there are blocks of samples.

    Returns
    -------
    dict
        As in `plan_fit`.
    """
    maps = {"model": os.fspath(model), "session": session, "data": os.fspath(data), "methods": method}
    with shown(progress) as seen:
        return _answer(_xcebra.plan_attribute(maps, (time_axis, hop), pieces, os.fspath(out), seen))


def plan_embed(
    model: _Path,
    data: _Path,
    out: _Path,
    *,
    session: str | None = None,
    edges: str = "pad",
    pieces: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan an embedding into a folder, in ranges of time.

    Parameters
    ----------
    model, data, out, session
        As in `plan_attribute`, for a trained encoder.
    edges : {"pad", "drop"}
        Whether first and last samples are repeated where the encoder needs more, or such samples are left out.
    pieces : int, optional
        How many pieces; by default 100, or as many as there are stretches of 16,384 samples.

    Returns
    -------
    dict
        As in `plan_fit`.
    """
    maps = {"model": os.fspath(model), "session": session, "data": os.fspath(data), "methods": ""}
    with shown(progress) as seen:
        return _answer(_xcebra.plan_embed(maps, edges, pieces, os.fspath(out), seen))


def plan_explain(
    model: _Path,
    data: _Path,
    out: _Path,
    *,
    domain: str | Sequence[str] = "rfft",
    fs: float | None = None,
    output: str | int | None = None,
    baseline: str | _Path = "zero",
    rule: str | None = None,
    gradient: str = "model",
    signals: Sequence[int] | None = None,
    group_by: str | None = None,
    bands: Mapping[str, tuple[float, float]] | None = None,
    hop: int | None = None,
    time_axis: int | None = None,
    random_orders: int | None = None,
    seed: int = 0,
    pieces: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Plan an explanation of a model and signals in files into a folder, in ranges of signals.

    Parameters
    ----------
    model : path
        An ONNX file, or the folder of a trained encoder.
    data : path
        The signals, ``FILE`` or ``FILE:ARRAY``.
    out : path
        Folder of the study, which must not exist.
    domain : str or list of str
        The domain, several to be ranked, or ``"auto"``.
    fs : float, optional
        Samples per second, if the file does not give them.
    output : str or int, optional
        Which outputs: 0, "0+1", "2-0", "0,1,2", "all" or "predicted".
    baseline : str or path
        ``"zero"``, ``"mean"``, or one or several signals in a file.
    rule, gradient : str
        As ``--rule`` and ``--gradient`` of ``xcebra explain``.
    signals : list of int, optional
        Only these signals.
    group_by : str, optional
        An array of the file, ``FILE:ARRAY``, or ``"predicted"``.
    bands : dict, optional
        Named bands, each with its lowest and highest frequency in Hz.
    hop, time_axis : int, optional
        As in `plan_attribute`.
    random_orders : int, optional
        Compute insertion and deletion for the report of `gather`, beside this many random orders.
    seed : int
        Seed of random orders and of independent components.
    pieces : int, optional
        How many pieces; by default 100, or as many as there are signals.

    Returns
    -------
    dict
        As in `plan_fit`.
    """
    asked = {
        "model": os.fspath(model),
        "input": os.fspath(data),
        "domains": domain if isinstance(domain, str) else ",".join(domain),
        "fs": fs,
        "output": None if output is None else str(output),
        "baseline": os.fspath(baseline),
        "rule": rule,
        "gradient": gradient,
        "signals": None if signals is None else [int(signal) for signal in signals],
        "group_by": group_by,
        "bands": [(name, float(low), float(high)) for name, (low, high) in (bands or {}).items()],
        "hop": hop,
        "time_axis": time_axis,
        "random_orders": random_orders,
        "seed": int(seed),
    }
    with shown(progress) as seen:
        return _answer(_xcebra.plan_explain(asked, pieces, os.fspath(out), seen))


def run(
    study: _Path,
    piece: int | None = None,
    *,
    retry: bool = False,
    checkpoint_every: float = 30.0,
    n_threads: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Run a piece of a study, or all that are left and that no other process works on, one for each thread.

    A finished piece returns at once, and an interrupted one goes on from its checkpoint.

    Parameters
    ----------
    study : path
        Folder of the study.
    piece : int, optional
        Number of the piece, from 0.
    retry : bool
        Without `piece`, also run pieces again that failed.
    checkpoint_every : float
        Seconds between two checkpoints.

    Returns
    -------
    dict
        The pieces that were ``finished`` by this call, how many were ``finished_before``, those that ``others`` work on, and
        those that had ``failed_before``.
    """
    with shown(progress, None, n_threads) as seen:
        return _answer(_xcebra.run_study(os.fspath(study), piece, bool(retry), float(checkpoint_every), seen))


def status(study: _Path) -> dict[str, Any]:
    """How a study stands.

    Returns
    -------
    dict
        How many pieces are ``done``; those that are ``running``, with host and process; ``interrupted``; ``left``; and those that
        ``failed``, with their error and the command that repeats them.
    """
    return _answer(_xcebra.study_status(os.fspath(study)))


def gather(
    study: _Path,
    out: _Path,
    *,
    report: _Path | None = None,
    n_threads: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]:
    """Gather the pieces of a study, and write what its command writes in one process.

    Parameters
    ----------
    study : path
        Folder of the study, all of whose pieces must be done.
    out : path
        The folder or, for maps, embeddings and explanations, the ``.npz`` file to write.
    report : path, optional
        Also write a page with pictures, of maps, an embedding or an explanation.

    Returns
    -------
    dict
        The answer of the command, as ``--json`` prints it.
    """
    with shown(progress, None, n_threads) as seen:
        page = None if report is None else os.fspath(report)
        return _answer(_xcebra.gather_study(os.fspath(study), os.fspath(out), page, seen))


def _answer(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _sources(data: _Path | Sequence[_Path]) -> list[str]:
    each = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    return [os.fspath(one) for one in each]


def _settings(settings: Mapping[str, Any] | _Path | None) -> str:
    """Settings as TOML."""
    if settings is None:
        return ""
    if isinstance(settings, Mapping):
        return "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    with open(settings, encoding="utf-8") as file:
        return file.read()
