"""Regularised contrastive learning of an encoder, as an estimator of scikit-learn."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _xcebra
from ._arrays import Signals
from ._encoder_files import InFiles
from ._encoder_maps import WithMaps
from ._encoder_told import WithVerdict
from ._labels import labels_by_name, labels_of
from ._learn import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, check_is_fitted, clone
from ._run import shown, warn
from ._sessions import OfSessions, is_sessions, recording_of
from ._settings import objectives_of, settings_of


class XCEBRA(
    WithMaps, WithVerdict, InFiles, OfSessions, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
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
        labels = labels_by_name(labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        settings = self._settings(labels)
        with self._shown() as seen:
            trained = _xcebra.fit(json.dumps(settings), recording_of(sessions, labels), seen)
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
            labels = labels_by_name(labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        settings = json.dumps(self._settings(labels))
        with self._shown() as seen:
            trained = _xcebra.go_on(self.state_dict_, settings, recording_of(sessions, labels), False, seen)
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
        own = labels_by_name(labels_of(X, [y, *more]), [len(s.values) for s in new])
        if set(own) != set(labels):
            raise ValueError(
                f"the labels of the training are {sorted(labels)}, and those of the new sessions are {sorted(own)}; pass the same"
            )
        joined = {name: [*parts, *own[name]] for name, parts in labels.items()}
        together = [*sessions, *new]
        found._note_features(together)
        settings = json.dumps(found._settings(joined))
        with found._shown() as seen:
            trained = _xcebra.go_on(self.state_dict_, settings, recording_of(together, joined), True, seen)
        return found._take(trained, (together, joined))

    def _own_training(self) -> tuple[list[Signals], dict[str, list[Any]]]:
        training = getattr(self, "_training", None)
        if training is None:
            raise ValueError("the sessions of the training are not here, since the encoder was loaded; fit it here first")
        return training

    def _shown(self) -> Any:
        return shown(self.verbose, told, self.n_threads)

    def _settings(self, labels: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Settings as the program reads them."""
        return settings_of(self, labels)

    def _objectives(self, labels: Mapping[str, list[Any]], encoder: str) -> list[dict[str, Any]]:
        return objectives_of(self, labels, encoder)

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
                rows, _ = self.state_dict_.transform(recording_of([session], {}, one), bool(self.pad_before_transform), seen)
            found.append(rows)
        return found if is_sessions(X) else found[0]

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
        labels = labels_by_name(labels_of(X, [y, *more]), [len(s.values) for s in sessions])
        ids = self._ids(sessions, session_id)
        if not self._has_several():
            with self._shown() as seen:
                return float(np.mean(self.state_dict_.score(recording_of(sessions, labels, ids[0]), seen)))
        found = []
        for number, (session, one) in enumerate(zip(sessions, ids, strict=True)):
            own = recording_of([session], {name: [parts[number]] for name, parts in labels.items()}, one)
            with self._shown() as seen:
                found.append(np.mean(self.state_dict_.score(own, seen)))
        return float(np.mean(found))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "state_dict_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.target_tags.required = False
        return tags


def told(text: str) -> None:
    """Notes are warnings, but for the one that says what a list of such sessions asks for."""
    if text.startswith("there is an encoder for each of "):
        logging.getLogger("xcebra").info(text)
    else:
        warn(text)
