"""Regularised contrastive learning of an encoder, as an estimator of scikit-learn."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _xcebra
from ._around import Chance
from ._arrays import Signals, read_signals, to_float, to_numpy
from ._files import Recording
from ._maps import AttributionMap, Significance
from ._run import shown, warn

if TYPE_CHECKING:
    import pandas

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    from ._sklearn import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        TransformerMixin,
        check_is_fitted,
        clone,
        validate_data,
    )


class XCEBRA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An encoder of a recording, trained by regularised contrastive learning (xCEBRA).

    Arguments that CEBRA has are called as there.

    Parameters
    ----------
    output_dimension : int
        Number of latents.
    model_architecture : str
        ``"offset1-mse-clip"`` (the one of xCEBRA: sees one sample, outputs not normalised), ``"offset10-model"`` (sees ten),
        and the other names of CEBRA, with ``-mse`` for outputs that are not normalised.
    conditional : None, "time", "time_delta", "delta"
        Which samples are positives. None: by the labels if there are some, else by time.
    hybrid : bool
        Also follow time: all latents follow time, and the second half of them follows the labels, too.
    max_iterations : int
        Training steps.
    batch_size : int
    learning_rate : float
    temperature : float
    temperature_mode : "constant" or "auto"
        Whether the temperature is trained.
    min_temperature : float
        The lowest temperature that training may reach.
    time_offsets : int
        How many samples later a positive is.
    delta : float, optional
        With ``conditional="delta"``: standard deviation of the noise that is added to the label.
    distance : None, "cosine", "euclidean", "dot"
        How latents are compared; None: euclidean, or cosine for architectures that normalise.
    num_hidden_units : int
    regularizer_weight : float
        λ of the Jacobian penalty; 0 for none.
    regularizer_start, regularizer_ramp : int, optional
        Step at which λ begins to rise from 0, and steps of the rise; by default 2500 each, or a quarter of a shorter
        training each.
    standardize : bool
        Bring each channel to mean 0 and standard deviation 1 first.
    held_out : float
        Fraction of the samples kept from training to measure the goodness of fit on.
    weight_decay : float
    pad_before_transform : bool
        Embed every sample; the ends are padded. Otherwise only samples with a whole window around them.
    settings : dict, optional
        Further settings in sections, as in the configuration file of ``xcebra fit``, such as
        ``{"train": {"schedule": "cosine", "mask_channels": 0.2}}``. A list ``"objective"`` replaces the objectives that
        follow from the other arguments.
    n_threads : int, optional
    random_state : None, int or RandomState
        Seed of weights and samples. None stands for 0: the same call gives the same encoder.
    verbose : bool
        Whether to show progress; None for a bar on terminals and in notebooks.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Names of the channels, if the data had some.
    n_iter_ : int
        Steps that were made.
    state_dict_ : TrainedEncoder
        The encoder.

    Examples
    --------
    >>> import xcebra
    >>> data = xcebra.synth.dataset(latents=4, samples=2000, seed=1)
    >>> encoder = xcebra.XCEBRA(output_dimension=4, max_iterations=200, hybrid=True, learning_rate=3e-3)
    >>> encoder = encoder.fit(data.x, data.z2)
    >>> encoder.transform(data.x).shape
    (2000, 4)
    >>> encoder.attribution_map(data.x).values.shape
    (50, 4)
    """

    def __init__(
        self,
        output_dimension: int = 6,
        model_architecture: str = "offset1-mse-clip",
        *,
        conditional: str | None = None,
        hybrid: bool = False,
        max_iterations: int = 20000,
        batch_size: int = 512,
        learning_rate: float = 3e-4,
        temperature: float = 1.0,
        temperature_mode: str = "constant",
        min_temperature: float = 0.01,
        time_offsets: int = 1,
        delta: float | None = None,
        distance: str | None = None,
        num_hidden_units: int = 32,
        regularizer_weight: float = 0.1,
        regularizer_start: int | None = None,
        regularizer_ramp: int | None = None,
        standardize: bool = True,
        held_out: float = 0.0,
        weight_decay: float = 0.0,
        pad_before_transform: bool = True,
        settings: Mapping[str, Any] | None = None,
        n_threads: int | None = None,
        random_state: Any = None,
        verbose: bool | None = False,
    ) -> None:
        self.output_dimension = output_dimension
        self.model_architecture = model_architecture
        self.conditional = conditional
        self.hybrid = hybrid
        self.max_iterations = max_iterations
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.temperature = temperature
        self.temperature_mode = temperature_mode
        self.min_temperature = min_temperature
        self.time_offsets = time_offsets
        self.delta = delta
        self.distance = distance
        self.num_hidden_units = num_hidden_units
        self.regularizer_weight = regularizer_weight
        self.regularizer_start = regularizer_start
        self.regularizer_ramp = regularizer_ramp
        self.standardize = standardize
        self.held_out = held_out
        self.weight_decay = weight_decay
        self.pad_before_transform = pad_before_transform
        self.settings = settings
        self.n_threads = n_threads
        self.random_state = random_state
        self.verbose = verbose

    # --- training

    def fit(self, X: Any, y: Any = None, *more: Any) -> XCEBRA:  # noqa: N803
        """Train the encoder.

        Parameters
        ----------
        X : array (time, channels), or list of arrays
            The recording; a list holds one array for each session. Sessions with the same channels share an encoder, and
            those with other channels, such as other animals, have their own in front of one embedding (with
            ``settings={"data": {"subjects": "sessions"}}`` each session has). Arrays, tensors, ``pandas.DataFrame``,
            ``xarray.DataArray``, ``mne.io.Raw``, ``mne.Epochs`` (each epoch a session), ``pynapple.TsdFrame`` and what
            `xcebra.read` gives are taken as they are, with the names of their channels.
        y : array (time,) or (time, k), dict of arrays, or list
            Labels: real numbers are followed as they are, integers and text are classes. A dict holds several by name.
            With several sessions, a list of arrays, or a dict of lists. By default the labels of what `xcebra.read` gave.
        more
            Further labels, as CEBRA takes them: ``fit(X, continuous, discrete)``.

        Returns
        -------
        self

        Notes
        -----
        Ctrl-C raises ``KeyboardInterrupt`` and leaves the encoder as it is by then: ``transform`` works, and
        ``n_iter_`` says how many steps were made.
        """
        sessions = self._sessions(X, reset=True)
        labels = _labels(_labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        settings = self._settings(labels)
        with self._shown() as seen:
            trained = _xcebra.fit(json.dumps(settings), _recording(sessions, labels), seen)
        return self._take(trained, (sessions, labels))

    def _take(self, trained: tuple[_xcebra.TrainedEncoder, BaseException | None], training: Any) -> XCEBRA:
        """Takes what a training gave; `training` are its sessions and labels."""
        found, failure = trained
        self.state_dict_ = found
        self._training = training
        self._history = json.loads(found.history or "{}")
        self.n_iter_ = (self._history.get("step") or [-1])[-1] + 1
        self._n_features_out = found.outputs
        if failure is not None:
            raise failure
        return self

    def partial_fit(self, X: Any = None, y: Any = None, *more: Any) -> XCEBRA:  # noqa: N803
        """Train the encoders further, for another `max_iterations` steps; without a training before, as `fit`.

        Parameters
        ----------
        X : array (time, channels), or list of arrays, optional
            Sessions of the same subjects in the same order; by default those of the training. Channels keep the scales
            that they had.
        y, more
            Their labels, as in `fit`.

        Returns
        -------
        self
        """
        if not self.__sklearn_is_fitted__():
            if X is None:
                raise ValueError("there is no training to go on with; pass X")
            return self.fit(X, y, *more)
        if X is None:
            sessions, labels = self._own_training()
        else:
            sessions = self._sessions(X, reset=False)
            labels = _labels(_labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        settings = json.dumps(self._settings(labels))
        with self._shown() as seen:
            trained = _xcebra.go_on(self.state_dict_, settings, _recording(sessions, labels), False, seen)
        return self._take(trained, (sessions, labels))

    def adapt(self, X: Any, y: Any = None, *more: Any) -> XCEBRA:  # noqa: N803
        """Add a new subject to the embedding, such as another animal, and leave the encoders as they are.

        Parameters
        ----------
        X : array (time, channels), or list of arrays
            The sessions of the new subject.
        y, more
            Their labels, the same as those of the training.

        Returns
        -------
        XCEBRA
            Another estimator with the encoders of all subjects; the sessions of the new one come last. ``basis_`` says
            whether the linear maps of the others read the labels from the new embedding.

        Notes
        -----
        The training needs the earlier sessions too, which an estimator keeps that was fitted here. One that was loaded does
        not have them; ``xcebra fit --adapt`` reads them from their files.
        """
        check_is_fitted(self)
        sessions, labels = self._own_training()
        found = clone(self)
        new = found._sessions(X, reset=True)
        own = _labels(_labels_of(X, [y, *more]), [len(s.values) for s in new])
        if set(own) != set(labels):
            raise ValueError(
                f"the labels of the training are {sorted(labels)}, and those of the new sessions are {sorted(own)}; pass the same"
            )
        joined = {name: [*parts, *own[name]] for name, parts in labels.items()}
        together = [*sessions, *new]
        found._note_features(together)
        settings = json.dumps(found._settings(joined))
        with found._shown() as seen:
            trained = _xcebra.go_on(self.state_dict_, settings, _recording(together, joined), True, seen)
        return found._take(trained, (together, joined))

    def _own_training(self) -> tuple[list[Signals], dict[str, list[Any]]]:
        training = getattr(self, "_training", None)
        if training is None:
            raise ValueError("the sessions of the training are not here, since the encoder was loaded; fit it here first")
        return training

    def _shown(self) -> Any:
        return shown(self.verbose, _told, self.n_threads)

    def _sessions(self, X: Any, reset: bool) -> list[Signals]:  # noqa: N803
        each = list(X) if _is_sessions(X) else [X]
        found: list[Signals] = []
        for one in each:
            if len(each) == 1 and not _has_container(one) and (reset or not self._has_several()):
                values = validate_data(
                    self,
                    one,
                    reset=reset,
                    dtype=[np.float32, np.float64],
                    ensure_all_finite=False,
                    ensure_min_samples=2 if reset else 1,
                )
                found.append(Signals(values, channels=_names(self, one)))
                continue
            if isinstance(one, Recording):
                x = one.x[:, None] if one.x.ndim == 1 else one.x
                found.append(Signals(_dense(x), one.fs, one.channels, one.breaks))
                continue
            known = read_signals(one, "X")
            values = known.values
            if hasattr(one, "get_data"):  # MNE: (channels, time) or (epochs, channels, time)
                values = np.moveaxis(values, -2, -1)
            parts = list(values) if values.ndim == 3 else [values]
            for part in parts:
                breaks = known.breaks if len(parts) == 1 else []
                found.append(Signals(_dense(part), known.fs, known.channels, breaks))
        if not found:
            raise ValueError("X is an empty list; pass at least one session (time, channels)")
        if reset:
            self._note_features(found)
        elif not self._has_several():
            for part in found:
                if part.values.shape[1] != self.n_features_in_:
                    raise ValueError(
                        f"X has {part.values.shape[1]} features, but XCEBRA is expecting {self.n_features_in_} features as input"
                    )
        return found

    def _sessions_of(self, X: Any) -> list[Signals]:  # noqa: N803
        """The sessions of a training, which this estimator does not make."""
        return clone(self)._sessions(X, reset=True)

    def _note_features(self, sessions: Sequence[Signals]) -> None:
        widths = [part.values.shape[1] for part in sessions]
        self.n_features_in_ = widths[0] if len(set(widths)) == 1 else widths
        if len(set(widths)) == 1 and sessions[0].channels is not None:
            self.feature_names_in_ = np.asarray(sessions[0].channels, dtype=object)
        elif hasattr(self, "feature_names_in_") and len(set(widths)) > 1:
            del self.feature_names_in_

    def _has_several(self) -> bool:
        """Whether there are the encoders of several subjects."""
        return self.__sklearn_is_fitted__() and len(self.state_dict_.all_channels) > 1

    def _ids(self, sessions: Sequence[Signals], session_id: int | None) -> list[int | None]:
        """Whose encoder each session is given to."""
        if session_id is not None:
            return [_whole("session_id", session_id)] * len(sessions)
        if not self._has_several():
            return [None] * len(sessions)
        if len(sessions) == len(self.state_dict_.subjects):
            return list(range(len(sessions)))
        raise ValueError(
            f"there are the encoders of {len(self.state_dict_.all_channels)} subjects; pass session_id, from 0 to "
            f"{len(self.state_dict_.subjects) - 1}, or a list of all sessions"
        )

    def _settings(self, labels: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Settings as the program reads them."""
        steps = _whole("max_iterations", self.max_iterations)
        if self.batch_size is None:
            raise ValueError("batch_size is None; pass a number, such as 512")
        quarter = min(2500, steps // 4)
        start = quarter if self.regularizer_start is None else self.regularizer_start
        ramp = quarter if self.regularizer_ramp is None else self.regularizer_ramp
        encoder = _encoder(self.model_architecture) | {
            "outputs": _whole("output_dimension", self.output_dimension),
            "hidden": _whole("num_hidden_units", self.num_hidden_units),
        }
        found: dict[str, Any] = {
            "data": {"standardize": bool(self.standardize)},
            "encoder": encoder,
            "objective": self._objectives(labels, encoder["name"]),
            "regularizer": {"weight": float(self.regularizer_weight), "start": int(start), "ramp": int(ramp)},
            "train": {
                "steps": steps,
                "batch": _whole("batch_size", self.batch_size),
                "learning_rate": float(self.learning_rate),
                "weight_decay": float(self.weight_decay),
                "seed": _seed(self.random_state),
            },
            "validation": {"held_out": float(self.held_out)},
        }
        for section, values in (self.settings or {}).items():
            if section == "objective":
                found["objective"] = list(values)
            elif isinstance(values, Mapping):
                found.setdefault(section, {}).update(values)
            else:
                raise ValueError(f"settings[{section!r}] is {values!r}; pass a dict of the section's settings")
        return found

    def _objectives(self, labels: Mapping[str, list[Any]], encoder: str) -> list[dict[str, Any]]:
        normalised = not ("-mse" in encoder or encoder == "custom")
        kinds = (None, "time", "time_delta", "delta")
        if self.conditional not in kinds:
            raise ValueError(f"conditional is {self.conditional!r}; pass one of {', '.join(map(repr, kinds))}")
        if self.temperature_mode not in ("constant", "auto"):
            raise ValueError(f'temperature_mode is {self.temperature_mode!r}; pass "constant" or "auto"')
        if self.distance not in (None, "cosine", "euclidean", "dot"):
            raise ValueError(f'distance is {self.distance!r}; pass "cosine", "euclidean" or "dot"')
        similarity = {
            "kind": self.distance or ("cosine" if normalised else "euclidean"),
            "temperature": float(self.temperature),
            "learn": self.temperature_mode == "auto",
            "minimum": min(float(self.min_temperature), float(self.temperature)),
        }
        offset = self.time_offsets
        if isinstance(offset, (list, tuple)):
            if len(offset) != 1:
                raise ValueError("time_offsets lists several offsets; pass one, and further objectives by settings=")
            offset = offset[0]
        offset = _whole("time_offsets", offset)
        by_time = {"positives": {"kind": "time", "offset": offset}, "similarity": similarity}
        if not labels or self.conditional == "time":
            if self.conditional in ("time_delta", "delta"):
                raise ValueError(f"conditional is {self.conditional!r}, which needs labels; pass y")
            return [by_time]
        continuous = [name for name, parts in labels.items() if not _is_discrete(parts)]
        discrete = [name for name, parts in labels.items() if _is_discrete(parts)]
        positives: list[dict[str, Any]] = []
        for name in continuous:
            if self.conditional == "delta":
                if self.delta is None:
                    raise ValueError('conditional="delta" needs delta, the standard deviation of the noise on the label')
                positives.append({"kind": "delta-normal", "label": name, "sigma": float(self.delta)})
            elif len(continuous) == len(discrete) == 1:
                positives.append({"kind": "mixed", "continuous": name, "discrete": discrete[0], "delta": offset})
            else:
                positives.append({"kind": "time-delta", "label": name, "delta": offset})
        if not (len(continuous) == len(discrete) == 1 and self.conditional != "delta"):
            positives.extend({"kind": "discrete", "label": name} for name in discrete)
        found = [{"positives": one, "similarity": similarity} for one in positives]
        if not self.hybrid:
            return found
        outputs = int(self.output_dimension)
        if outputs < 2:
            raise ValueError("hybrid=True needs output_dimension of at least 2: the second half of the latents follows the labels")
        half = [math.ceil(outputs / 2), outputs]
        return [by_time, *({**one, "dims": half} for one in found)]

    # --- use

    def transform(self, X: Any, session_id: int | None = None) -> Any:  # noqa: N803
        """Embed a recording.

        Parameters
        ----------
        X : array (time, channels)
            On the scale of the training. A list of sessions gives a list of embeddings.
        session_id : int, optional
            The session of the training whose encoder is used, counted from 0; needed only if the sessions had different
            channels. A list of all sessions of the training needs none.

        Returns
        -------
        ndarray of float32, (time, latents)
        """
        check_is_fitted(self)
        found = []
        sessions = self._sessions(X, reset=False)
        for session, one in zip(sessions, self._ids(sessions, session_id), strict=True):
            with self._shown() as seen:
                rows, _ = self.state_dict_.transform(_recording([session], {}, one), bool(self.pad_before_transform), seen)
            found.append(rows)
        return found if _is_sessions(X) else found[0]

    def score(self, X: Any, y: Any = None, *more: Any, session_id: int | None = None) -> float:  # noqa: N803
        """Goodness of fit on a recording: bits over chance, the mean over the contrastive objectives.

        0 is an encoder that maps everything to one point. Higher is better, so that it suits a grid search. Of sessions of
        several subjects it is the mean over the sessions, each by the encoder of its own; `session_id` is as in `transform`.

        Returns
        -------
        float
        """
        check_is_fitted(self)
        sessions = self._sessions(X, reset=False)
        labels = _labels(_labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        ids = self._ids(sessions, session_id)
        if not self._has_several():
            with self._shown() as seen:
                return float(np.mean(self.state_dict_.score(_recording(sessions, labels, ids[0]), seen)))
        found = []
        for number, (session, one) in enumerate(zip(sessions, ids, strict=True)):
            own = _recording([session], {name: [parts[number]] for name, parts in labels.items()}, one)
            with self._shown() as seen:
                found.append(np.mean(self.state_dict_.score(own, seen)))
        return float(np.mean(found))

    def attribution_map(
        self,
        X: Any,  # noqa: N803
        method: str = "ing",
        *,
        session_id: int | None = None,
        progress: bool | Callable[..., None] | None = None,
    ) -> AttributionMap:
        """Which channels drive which latents.

        Parameters
        ----------
        X : array (time, channels)
        method : str
            ``"ing"`` (inverted neuron gradient), ``"neuron-gradient"``, ``"integrated-gradients"``, or any other of
            `xcebra.method_names`, with arguments such as ``"integrated-gradients(nodes=100)"``.
        session_id : int, optional
            As in `transform`. Maps of several subjects have the same latents in their columns.

        Returns
        -------
        AttributionMap
            ``values`` is (channels, latents).
        """
        return self._maps(X, method, None, progress, session_id)[0][0]

    def significance(
        self,
        X: Any,  # noqa: N803
        y: Any = None,
        *more: Any,
        method: str = "ing",
        resamples: int = 20,
        level: float = 0.05,
        null: str = "resampled",
        control: str = "bh",
        blocks: int = 40,
        smallest_effect: float = 0.4,
        session_id: int | None = None,
        progress: bool | Callable[..., None] | None = None,
    ) -> Significance:
        """Which entries of a map are more than chance: the encoder is trained anew on resampled recordings.

        Parameters
        ----------
        X : array (time, channels)
            The recording of the map.
        y
            The labels of the training, if it had some. Without `y` the data that the encoder was fitted on are used
            for the trainings.
        resamples : int
            How many encoders are trained again. Each takes as long as `fit`.
        level : float
            Share of false ones among the entries that are called connected, and among those that are called not
            connected, on average.
        null : "resampled" or "shifted-labels"
        control : "bh" or "by"
            Benjamini and Hochberg, or Benjamini and Yekutieli.
        blocks : int
            Blocks of time that are drawn anew.
        smallest_effect : float
            A weaker connection may be called not connected: for ``"ing"`` in standard deviations of a channel, for a
            move of the latents by one standard deviation, for other methods as a share of the median connected
            entry of the latent.
        session_id : int, optional
            As in `transform`. All subjects are trained again together, on the data that they were fitted on.

        Returns
        -------
        Significance
        """
        check_is_fitted(self)
        if self._has_several() and (y is not None or more):
            raise ValueError("the subjects are trained again together, on the data they were fitted on; leave y out")
        given: dict[str, Any] | None = None
        if y is not None or more:
            sessions = self._sessions(X, reset=False)
            given = _recording(sessions, _labels([y, *more], [len(s.values) for s in sessions]))
        test = {
            "trainings": _whole("resamples", resamples),
            "null": null,
            "level": float(level),
            "control": control,
            "blocks": _whole("blocks", blocks),
            "smallest_effect": float(smallest_effect),
        }
        maps, tests = self._maps(X, method, (test, given), progress, session_id)
        assert tests is not None
        return Significance._of(tests[0], maps[0])

    def _maps(self, X: Any, method: str, test: Any, progress: Any, session_id: int | None = None) -> Any:  # noqa: N803
        check_is_fitted(self)
        sessions = self._sessions(X, reset=False)
        if len(sessions) != 1:
            raise ValueError("a map is of one recording; pass one session, or the sessions joined")
        session = self._ids(sessions, session_id)[0]
        settings, training = test if test is not None else (None, None)
        # what a test costs is told at its begin; that is no warning
        note = None if test is None else logging.getLogger("xcebra").info
        with shown(self.verbose if progress is None else progress, note, self.n_threads) as seen:
            found = self.state_dict_.attribute(_recording(sessions, {}, session), method, settings, training, seen)
        channels = list(self.state_dict_.all_channels[0 if session is None else self.state_dict_.subjects[session]])
        maps = [AttributionMap._of_encoder(told, channels, found.report) for told in found.maps()]
        return maps, found.tests()

    def plot_embedding(
        self, X: Any, y: Any = None, ax: Any = None, *, latents: Sequence[int] | None = None  # noqa: N803
    ) -> Any:
        """Draw the embedding of a recording in two or three dimensions; needs matplotlib.

        Parameters
        ----------
        X : array (time, channels)
        y : array (time,), optional
            Colours of the points.
        ax : matplotlib.axes.Axes, optional
            By default new axes, in three dimensions if there are three latents.
        latents : sequence of int, optional
            Which two or three latents are drawn; by default the first three.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from ._plot import draw_embedding

        return draw_embedding(self.transform(X), y, ax, latents)

    @property
    def diagnostics_(self) -> dict[str, Any]:
        """What the encoder is like, as numbers; ``verdict_`` says it in sentences. Of several subjects, ``"subjects"`` lists them."""
        check_is_fitted(self)
        told = [json.loads(one) for one in self.state_dict_.diagnostics or []]
        if len(told) > 1:
            return {"subjects": told}
        return told[0] if told else {}

    @property
    def basis_(self) -> dict[str, tuple[float, float]] | None:
        """After `adapt`: for each label of numbers, with which R² (mean, least) the linear maps of the earlier subjects read it."""
        check_is_fitted(self)
        told = self.state_dict_.basis
        return None if told is None else {name: (float(mean), float(least)) for name, (mean, least) in told.items()}

    @property
    def verdict_(self) -> list[str]:
        """Whether the encoder can be trusted, in sentences."""
        check_is_fitted(self)
        return list(self.state_dict_.verdict)

    @property
    def history_(self) -> pandas.DataFrame:
        """The training curves, a row for each step; needs pandas."""
        check_is_fitted(self)
        import pandas

        history = getattr(self, "_history", None) or {"step": [], "loss": [], "learning_rate": []}
        frame = {"step": history["step"], "loss": history["loss"], "learning_rate": history["learning_rate"]}
        for name in ("align", "uniform", "temperature"):
            for number, values in enumerate(history.get(name, [])):
                frame[f"{name}_{number}" if len(history[name]) > 1 else name] = values
        for part in history.get("parts", []):
            frame[part["name"]] = part["value"]
            frame[f"{part['name']}_weight"] = part["weight"]
        return pandas.DataFrame(frame).set_index("step")

    def compare_seeds(self, count: int = 3) -> dict[str, Any]:
        """How alike encoders from several seeds are; takes ``count - 1`` further trainings.

        Notes
        -----
        After `partial_fit` and `adapt` a ``ValueError`` is raised, since another seed does not repeat them.
        """
        check_is_fitted(self)
        with self._shown() as seen:
            return json.loads(self.state_dict_.compare_seeds(_whole("count", count), seen))

    def chance(self, shuffle: str = "labels", trainings: int = 19, *, blocks: int | None = None) -> Chance:
        """Does the training find more than chance? Train again on shuffled labels or channels, and compare.

        Parameters
        ----------
        shuffle : "labels" or "channels"
            What is shuffled in blocks of time: the labels, or each channel for itself.
        trainings : int
            Trainings on shuffled recordings; at least 19 are needed for a verdict. One more is made on the true order.
        blocks : int, optional
            Number of blocks of time; by default 20, or one for each sample if there are no labels.

        Returns
        -------
        Chance

        Notes
        -----
        All trainings are judged by samples that they do not see: `held_out` of the recording, or a fifth if that is 0.
        After `partial_fit` and `adapt` a ``ValueError`` is raised, since another training does not repeat them.
        """
        check_is_fitted(self)
        with self._shown() as seen:
            count = _whole("trainings", trainings)
            many = None if blocks is None else _whole("blocks", blocks)
            answer, page = self.state_dict_.chance(shuffle, count, many, seen)
        told = json.loads(answer)
        names = ("above_chance", "p", "score", "shuffled", "unit", "sentence")
        return Chance(**{name: told[name] for name in names}, _page=page)

    # --- files

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the folder that ``xcebra fit`` writes: model, settings, channels, curves, report."""
        check_is_fitted(self)
        self.state_dict_.save(os.fspath(folder), bool(overwrite))

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> XCEBRA:
        """Read the folder that `save` or ``xcebra fit`` wrote."""
        return cls._of(_xcebra.TrainedEncoder.load(os.fspath(folder)))

    @classmethod
    def from_cebra(cls, path: str | os.PathLike[str], model_architecture: str | None = None) -> XCEBRA:
        """Take over an encoder that was trained with CEBRA, or the encoders of several sessions.

        Parameters
        ----------
        path : path
            What ``cebra.CEBRA.save`` wrote with ``backend="sklearn"``, or a ``.safetensors`` file of the model's ``state_dict``.
        model_architecture : str, optional
            The name that CEBRA knows the model by; it stands in the file that CEBRA wrote.
        """
        from .compat._files import state_dict_file

        with state_dict_file(os.fspath(path), model_architecture) as (file, name):
            found = cls._of(_xcebra.TrainedEncoder.load_cebra(file, name))
        found.model_architecture = name
        if found.settings is not None:
            # the name says it
            found.settings["encoder"].pop("clip", None)
        return found

    @classmethod
    def _of(cls, encoder: _xcebra.TrainedEncoder) -> XCEBRA:
        told = json.loads(encoder.settings)
        name = told["encoder"]["name"]
        found = cls(
            output_dimension=told["encoder"]["outputs"],
            model_architecture=name if isinstance(name, str) else "custom",
            max_iterations=told["train"]["steps"],
            batch_size=told["train"]["batch"],
            learning_rate=told["train"]["learning_rate"],
            num_hidden_units=told["encoder"]["hidden"],
            regularizer_weight=told["regularizer"]["weight"],
            regularizer_start=told["regularizer"]["start"],
            regularizer_ramp=told["regularizer"]["ramp"],
            weight_decay=told["train"]["weight_decay"],
            standardize=told["data"]["standardize"],
            held_out=told["validation"]["held_out"],
            random_state=told["train"]["seed"],
            settings=_further(told),
        )
        found.state_dict_ = encoder
        widths = [len(encoder.all_channels[subject]) for subject in encoder.subjects]
        found.n_features_in_ = widths[0] if len(set(widths)) == 1 else widths
        found._n_features_out = encoder.outputs
        found.n_iter_ = told["train"]["steps"]
        return found

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        # a pickle holds the encoder, not the recording
        state.pop("_training", None)
        if "state_dict_" in state:
            state["state_dict_"] = state["state_dict_"].state()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if "state_dict_" in state:
            state["state_dict_"] = _xcebra.TrainedEncoder.of_state(state["state_dict_"])
        super().__setstate__(state)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "state_dict_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.target_tags.required = False
        return tags

    def _repr_html_(self) -> str:
        if not hasattr(self, "state_dict_"):
            return f"<pre>{self!r}</pre>"
        from ._html import page_html

        report = self.state_dict_.report()
        return page_html(report) if report else f"<pre>{self!r}</pre>"


#: Settings that arguments say, by sections, and those of how files are read.
_SAID = {
    "data": ("standardize", "x", "labels", "transpose", "clock"),
    "encoder": ("outputs", "hidden"),
    "regularizer": ("weight", "start", "ramp"),
    "train": ("steps", "batch", "learning_rate", "weight_decay", "seed"),
    "validation": ("held_out",),
}


def _further(told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a trained encoder that no argument says."""
    found: dict[str, Any] = {"objective": told["objective"]}
    for section, said in _SAID.items():
        found[section] = {name: value for name, value in told[section].items() if name not in said}
    if isinstance(told["encoder"]["name"], str):
        del found["encoder"]["name"]
    return found


def _recording(sessions: Sequence[Signals], labels: Mapping[str, list[Any]], session: int | None = None) -> dict[str, Any]:
    """A recording as the compiled half takes it; `session` is the one whose encoder it is given to."""
    return {
        "sessions": [one.values for one in sessions],
        "labels": dict(labels),
        "channels": [one.channels for one in sessions],
        "session": session,
        "fs": sessions[0].fs,
        "breaks": [session.breaks for session in sessions],
    }


def _told(text: str) -> None:
    """Notes are warnings, but for the one that says what a list of such sessions asks for."""
    if text.startswith("there is an encoder for each of "):
        logging.getLogger("xcebra").info(text)
    else:
        warn(text)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or int(value) != value or value < 0:
        raise ValueError(f"{name} is {value!r}; pass a whole number")
    return int(value)


def _seed(random_state: Any) -> int:
    if random_state is None:
        return 0
    if isinstance(random_state, (int, np.integer)):
        return _whole("random_state", random_state)
    if hasattr(random_state, "randint"):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if hasattr(random_state, "integers"):
        return int(random_state.integers(np.iinfo(np.int32).max))
    raise ValueError(f"random_state is {random_state!r}; pass None, a whole number or a RandomState")


def _is_sessions(value: Any) -> bool:
    """Whether it is a list of recordings, and not one recording as nested lists of numbers."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]
    return isinstance(first, Recording) or getattr(first, "ndim", 0) >= 2 or hasattr(first, "get_data") or (
        isinstance(first, (list, tuple)) and bool(first) and isinstance(first[0], (list, tuple))
    )


def _has_container(value: Any) -> bool:
    """Whether it is a container that scikit-learn does not read."""
    is_frame = hasattr(value, "columns") and hasattr(value, "iloc")
    of_pynapple = hasattr(value, "time_support") and hasattr(value, "rates")
    is_known = isinstance(value, Recording) or hasattr(value, "get_data") or hasattr(value, "dims") or of_pynapple
    labelled = is_known or (hasattr(value, "columns") and not is_frame)
    return labelled or getattr(value, "ndim", 2) == 3


def _names(estimator: XCEBRA, value: Any) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None) if hasattr(value, "columns") else None
    return None if names is None else [str(name) for name in names]


def _dense(values: Any) -> np.ndarray:
    found = to_numpy(values, "X")
    if found.ndim != 2:
        raise ValueError(f"a session has shape {found.shape}; pass (time, channels)")
    return to_float(found, "X", np.float32 if found.dtype == np.float32 else np.float64)


def _encoder(name: str) -> dict[str, Any]:
    """The encoder's settings of a name, as CEBRA or as this package has it."""
    if not isinstance(name, str):
        raise ValueError(f"model_architecture is {name!r}; pass a name, such as \"offset10-model\"")
    plain = name.replace("-model", "")
    found: dict[str, Any] = {}
    parts = plain.split("-clip-")
    if len(parts) == 2:
        low, _, high = parts[1].partition("-")
        if low != high:
            raise ValueError(f"model_architecture is {name!r}; outputs are limited to the same size on both sides")
        plain, found["clip"] = f"{parts[0]}-clip", float(low)
    return {"name": plain, **found}


def _labels_of(X: Any, given: Sequence[Any]) -> Sequence[Any]:  # noqa: N803
    """The labels that were given, or those of the recordings if there are none."""
    each = list(X) if _is_sessions(X) else [X]
    if any(one is not None for one in given) or not all(isinstance(one, Recording) for one in each):
        return given
    first = each[0].labels
    for one in each[1:]:
        if set(one.labels) != set(first):
            raise ValueError(f"the recordings have the labels {sorted(first)} and {sorted(one.labels)}; read the same from each")
    several = {name: [one.labels[name] for one in each] for name in first}
    return [several if len(each) > 1 else first] if first else given


def _labels(given: Sequence[Any], samples: Sequence[int]) -> dict[str, list[Any]]:
    """Labels by name, each an array for each session."""
    given = [one for one in given if one is not None]
    named: dict[str, Any] = {}
    for number, one in enumerate(given):
        if isinstance(one, Mapping):
            named.update({str(name): value for name, value in one.items()})
        elif hasattr(one, "columns") and hasattr(one, "iloc"):
            named.update({str(name): one[name] for name in one.columns})
        else:
            named["y" if len(given) == 1 else f"y{number + 1}"] = one
    found: dict[str, list[Any]] = {}
    for name, value in named.items():
        parts = list(value) if len(samples) > 1 and isinstance(value, (list, tuple)) and len(value) == len(samples) else [value]
        if len(parts) != len(samples):
            whole = to_numpy(value, f"the label {name}")
            if len(whole) != sum(samples):
                raise ValueError(
                    f"the label {name} has {len(whole)} values for {len(samples)} sessions; pass a list with an array for each"
                )
            parts = np.split(whole, np.cumsum(samples)[:-1])
        converted = [_label(part, name) for part in parts]
        for part, count in zip(converted, samples, strict=True):
            if len(part) != count:
                raise ValueError(
                    f"Found input variables with inconsistent numbers of samples: X has {count}, the label {name} has {len(part)}"
                )
        found[name] = converted
    return found


def _label(value: Any, name: str) -> Any:
    array = to_numpy(value, f"the label {name}") if not _is_text(value) else np.asarray(value)
    if array.dtype.kind in "US" or _is_text(value):
        return [str(text) for text in array.tolist()]
    if array.dtype.kind in "iub":
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: the label {name}")
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)


def _is_text(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "US" or (array.dtype == object and array.size > 0 and isinstance(array.flat[0], str))


def _is_discrete(parts: Sequence[Any]) -> bool:
    return isinstance(parts[0], list) or parts[0].dtype == np.int64
