"""What is done around a training: decoding labels, comparing embeddings, searching for settings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._arrays import to_float, to_numpy
from ._in_notebook import InNotebook
from ._run import shown

if TYPE_CHECKING:
    import pandas

    from ._estimator import XCEBRA

Progress = bool | Callable[..., None] | None


@dataclass
class Decoded(InNotebook):
    """A label that was decoded where it was held out, or in an array that is new to the decoder.

    Attributes
    ----------
    scores : dict
        Of numbers ``r2``, ``r2_per_column`` and ``median_error``; of angles ``r2`` on the circle and ``median_error`` in
        radians; of classes ``accuracy`` and ``balanced_accuracy``.
    blocks : list of dict
        The same for each part that was held out.
    samples : ndarray of int
        The samples that were held out, in the order of `values`.
    values : ndarray
        What was decoded: (samples,), or (samples, columns) of a label of several columns. Of classes the classes themselves.
    shuffles : dict or None
        The control by shuffling: ``scores``, ``p``, ``above_chance`` and ``sentence``.
    """

    scores: dict[str, Any]
    blocks: list[dict[str, Any]]
    samples: np.ndarray
    values: np.ndarray
    shuffles: dict[str, Any] | None = None
    _page: str = field(default="", repr=False)

    def report(self) -> str:
        """The page of HTML with scores and pictures."""
        return self._page


def decode(
    X: Any,  # noqa: N803
    y: Any,
    decoder: str = "knn",
    *,
    fit_on: tuple[Any, Any] | None = None,
    kind: str = "auto",
    n_neighbors: int = 3,
    metric: str = "euclidean",
    alpha: float = 1.0,
    C: float = 1.0,  # noqa: N803
    blocks: int = 5,
    last: float | None = None,
    gap: int = 0,
    shuffles: int = 0,
    shuffle: str = "labels",
    shuffle_blocks: int = 20,
    random_state: int = 0,
    progress: Progress = False,
) -> Decoded:
    """Decode a label from an embedding, or from any array, on parts of the time that the decoder does not see.

    Parameters
    ----------
    X : array (samples, columns)
    y : array (samples,) or (samples, columns)
        Numbers, or classes as integers or text.
    decoder : "knn", "linear", "ridge", "lasso" or "logistic"
        As in scikit-learn, with the same parameters and numbers.
    fit_on : (array, array), optional
        Another array and its label, such as the embedding of another animal. The decoder is then fitted to all of it and
        scored on all of `X`.
    kind : "auto", "numbers", "angle" or "classes"
        What `y` is. ``"auto"`` takes text, booleans and few whole numbers for classes. Angles are in radians and are decoded
        as points on the circle.
    blocks : int
        Number of blocks of consecutive samples, each of which is held out once.
    last : float, optional
        Hold out the last share of the time instead.
    gap : int
        Samples that are left out beside what is held out.
    shuffles : int
        Decode this many shuffled labels too (``shuffle="columns"``: shuffled columns of `X`), in `shuffle_blocks` blocks of time.
        At least 19 are needed for a verdict.

    Returns
    -------
    Decoded

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> z = np.sin(np.arange(300)[:, None] / [7.0, 9.0])
    >>> found = xcebra.decode(z, z @ [1.0, -2.0], "ridge", alpha=1e-6)
    >>> round(found.scores["r2"], 6)
    1.0
    """
    from ._labels import label_of

    settings = {
        "kind": kind,
        "decoder": decoder,
        "neighbours": int(n_neighbors),
        "metric": metric,
        "alpha": float(alpha),
        "c": float(C),
        "blocks": int(blocks),
        "last": None if last is None else float(last),
        "gap": int(gap),
        "shuffles": int(shuffles),
        "shuffle": shuffle,
        "shuffle_blocks": int(shuffle_blocks),
        "seed": int(random_state),
    }
    label = label_of(y, "y")
    other = None
    if fit_on is not None:
        if not isinstance(fit_on, (tuple, list)) or len(fit_on) != 2:
            raise ValueError("fit_on is not a pair; pass (array, label)")
        if (blocks, last, gap) != (5, None, 0):
            raise ValueError("with fit_on nothing is held out; leave blocks, last and gap out")
        other = (_matrix(fit_on[0], "fit_on[0]"), label_of(fit_on[1], "fit_on[1]"))
    with shown(progress) as seen:
        answer, samples, values, page = _xcebra.decode(_matrix(X, "X"), label, settings, other, seen)
    told = json.loads(answer)
    rows = np.asarray(samples)
    if told["kind"] == "classes":
        values = _classes(label, told["classes"])[values[:, 0].astype(int)]
    elif values.shape[1] == 1:
        values = values[:, 0]
    return Decoded(told["scores"], told["blocks"], rows, values, told.get("shuffles"), page)


def _classes(label: Any, names: Sequence[str]) -> np.ndarray:
    return np.asarray(names) if isinstance(label, list) else np.asarray([int(name) for name in names])


@dataclass
class Compared(InNotebook):
    """How alike embeddings are.

    Attributes
    ----------
    names : list of str
    r2 : ndarray (embeddings, embeddings)
        R² of the linear map from each (row) to each (column).
    disparity : ndarray or None
        What is left of their squared distance when one is turned onto the other, as in ``scipy.spatial.procrustes``; None if
        their dimensions differ.
    mean, least : float
        Of the R² of all pairs; with groups of pairs of different groups.
    between_groups : list of (str, str, float)
        The mean R² from each group to each other, if there are groups.
    sentence : str
        The verdict.
    """

    names: list[str]
    r2: np.ndarray
    disparity: np.ndarray | None
    mean: float
    least: float
    between_groups: list[tuple[str, str, float]]
    sentence: str
    _page: str = field(default="", repr=False)

    def report(self) -> str:
        """The page of HTML with both tables as pictures."""
        return self._page


def compare(
    embeddings: Sequence[Any] | Mapping[str, Any],
    labels: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    groups: Sequence[Any] | None = None,
    bins: int = 100,
    progress: Progress = False,
) -> Compared:
    """Compare embeddings of several runs, seeds or animals.

    Parameters
    ----------
    embeddings : list or dict of arrays (samples, latents)
        Of the same samples, unless there are labels.
    labels : list or dict of arrays (samples,), optional
        By which embeddings of other samples are compared: each is averaged in `bins` bins of the label.
    groups : list, optional
        What each embedding is of, such as its animal; pairs of the same group are left out of the means.

    Returns
    -------
    Compared

    Notes
    -----
    The numbers are those of CEBRA's ``consistency_score``, between runs without labels and between data sets with labels.
    `XCEBRA.compare_seeds` trains from other seeds; here embeddings that there are already are compared.

    Examples
    --------
    >>> import numpy as np, xcebra
    >>> a = np.sin(np.arange(200)[:, None] / [7.0, 9.0])
    >>> round(xcebra.compare([a, a @ [[0.0, 1.0], [-2.0, 3.0]]]).least, 6)
    1.0
    """
    names = [str(name) for name in embeddings] if isinstance(embeddings, Mapping) else [str(k) for k in range(len(embeddings))]
    each = list(embeddings.values()) if isinstance(embeddings, Mapping) else list(embeddings)
    if isinstance(labels, Mapping):
        known = {str(name): label for name, label in labels.items()}
        if set(known) != set(names):
            raise ValueError(f"labels are of {sorted(known)}, and embeddings of {sorted(names)}; pass a label for each")
        labels = [known[name] for name in names]
    for what, given in (("labels", labels), ("groups", groups)):
        if given is not None and len(given) != len(each):
            raise ValueError(f"there are {len(each)} embeddings and {len(given)} {what}; pass one for each")
    given = []
    for k, (name, values) in enumerate(zip(names, each, strict=True)):
        label = None if labels is None else to_float(labels[k], f"the label of {name}").ravel().tolist()
        group = None if groups is None else str(groups[k])
        given.append((name, _matrix(values, f"the embedding {name}"), label, group))
    with shown(progress) as seen:
        answer, page = _xcebra.compare(given, int(bins), seen)
    told = json.loads(answer)
    disparity = told.get("disparity")
    return Compared(
        names=told["names"],
        r2=np.asarray(told["r2"]),
        disparity=None if disparity is None else np.asarray(disparity),
        mean=told["mean"],
        least=told["least"],
        between_groups=[(pair["from"], pair["to"], pair["r2"]) for pair in told.get("between_groups", [])],
        sentence=told["sentence"],
        _page=page,
    )


@dataclass
class Chance(InNotebook):
    """Whether a training finds more than trainings on shuffled labels or channels do.

    Attributes
    ----------
    above_chance : bool
    p : float
        The share of orders that did as well, the true one counted among them.
    score : float
        Of the training on the true order, on samples that it did not see; more is better.
    shuffled : list of float
        The same of each training on a shuffled order.
    unit : "bits" or "loss"
        Of scores: goodness of fit in bits over chance, or with a supervised objective the loss, its sign changed.
    sentence : str
        The verdict.
    """

    above_chance: bool
    p: float
    score: float
    shuffled: list[float]
    unit: str
    sentence: str
    _page: str = field(default="", repr=False)

    def report(self) -> str:
        """The page of HTML with the scores of all trainings."""
        return self._page


@dataclass
class Searched:
    """The runs of a search.

    Attributes
    ----------
    runs : list of dict
        For each run its ``folder``, its ``set`` of settings, and ``fit`` and ``loss`` on what was held out, or why it ``failed``.
    best : str or None
        The folder of the run that fits best what was held out.
    unit : str
        What the fit is measured in.
    sentence : str
        The verdict.
    notes : list of str
    """

    runs: list[dict[str, Any]]
    best: str | None
    unit: str
    sentence: str
    notes: list[str]

    def load(self) -> XCEBRA:
        """The encoder of the best run."""
        from ._estimator import XCEBRA

        if self.best is None:
            raise ValueError(self.sentence)
        return XCEBRA.load(self.best)

    @property
    def table(self) -> pandas.DataFrame:
        """The runs, best first; needs pandas."""
        import pandas

        rows = []
        for run in self.runs:
            choice = dict(one.split("=", 1) for one in run["set"])
            rows.append({"folder": run["folder"], **choice, "fit": run.get("fit"), "loss": run.get("loss")})
        return pandas.DataFrame(rows).sort_values("fit", ascending=False, kind="stable").reset_index(drop=True)


def search(
    estimator: XCEBRA,
    grid: Mapping[str, Sequence[Any]],
    X: Any,  # noqa: N803
    y: Any = None,
    *more: Any,
    out: str | os.PathLike[str],
    random: int | None = None,
    random_state: int = 0,
    progress: Progress = None,
) -> Searched:
    """Train with several settings and rank the runs by how well they fit what was held out.

    Parameters
    ----------
    estimator : XCEBRA
        The settings that all runs share. If it holds nothing out, a fifth of the samples is held out.
    grid : dict
        Settings as in the configuration file of ``xcebra fit``, each with a list of values, such as
        ``{"encoder.outputs": [3, 6], "regularizer.weight": [0.01, 0.1]}``.
    X, y, more
        As in `XCEBRA.fit`.
    out : path
        Folder to write. The same call goes on where an earlier one ended: finished runs are not made again.
    random : int, optional
        Draw this many combinations at random, by `random_state`, instead of training all.

    Returns
    -------
    Searched
    """
    from ._estimator import told as note
    from ._labels import labels_by_name, labels_of
    from ._sessions import recording_of

    sessions = estimator._sessions_of(X)
    labels = labels_by_name(labels_of(X, [y, *more]), [len(s.values) for s in sessions])
    settings = json.dumps(estimator._settings(labels))
    choices = _choices(grid, random, random_state)
    with shown(progress, note, estimator.n_threads) as seen:
        answer = _xcebra.search(settings, choices, recording_of(sessions, labels), os.fspath(out), seen)
    told = json.loads(answer)
    return Searched(told["runs"], told.get("best"), told["unit"], told["sentence"], told["notes"])


def _choices(grid: Mapping[str, Sequence[Any]], random: int | None, random_state: int) -> dict[str, Any]:
    """What is chosen from in a search."""
    axes = [(str(path), _toml(list(values))) for path, values in grid.items()]
    return {"grid": axes, "random": random, "seed": int(random_state)}


def _toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return json.dumps(str(value))


def _matrix(values: Any, what: str) -> np.ndarray:
    found = np.ascontiguousarray(to_float(to_numpy(values, what), what), dtype=np.float64)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2:
        raise ValueError(f"{what} has shape {found.shape}; pass (samples, columns)")
    return found
