"""Maps and pictures of an encoder: which channels drive which latents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ._labels import labels_by_name
from ._learn import Part, check_is_fitted
from ._maps import AttributionMap, Significance
from ._run import shown
from ._sessions import recording_of
from ._settings import whole


class WithMaps(Part):
    """What an estimator says of channels and latents."""

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
            given = recording_of(sessions, labels_by_name([y, *more], [len(s.values) for s in sessions]))
        test = {
            "trainings": whole("resamples", resamples),
            "null": null,
            "level": float(level),
            "control": control,
            "blocks": whole("blocks", blocks),
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
            found = self.state_dict_.attribute(recording_of(sessions, {}, session), method, settings, training, seen)
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
