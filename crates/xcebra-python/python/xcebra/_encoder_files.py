"""A trained encoder in files: the folder of a run, a model of CEBRA, a pickle."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from . import _xcebra
from ._learn import Part, check_is_fitted
from ._settings import further

if TYPE_CHECKING:
    from ._estimator import XCEBRA


class InFiles(Part):
    """How an estimator is written and read."""

    state_dict_: Any

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
        found: Any = cls(
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
            settings=further(told),
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
