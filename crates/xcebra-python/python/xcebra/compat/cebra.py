"""The interface of ``cebra``: replace ``import cebra`` by ``from xcebra.compat import cebra``."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import numpy as np

from .._around import compare
from .._arrays import to_numpy
from .._estimator import XCEBRA
from .._maps import attribute_all
from ..metrics import auroc
from ._refused import refuse

__all__ = ["CEBRA", "attribution", "load_data", "sklearn"]

_USUAL: dict[str, tuple[tuple[Any, ...], str]] = {
    "device": (("cpu", "cuda_if_available"), "training runs on the processor; leave it out"),
    "criterion": (("infonce",), "the loss is InfoNCE; others are set by settings={'objective': [...]} of xcebra.XCEBRA"),
    "optimizer": (("adam",), "the optimiser is Adam; leave it out"),
    "optimizer_kwargs": ((None,), "use learning_rate and weight_decay of xcebra.XCEBRA"),
    "max_adapt_iterations": ((500, None), "adapt trains for max_iterations steps; set that"),
    "training_kwargs": ((None,), "leave it out"),
}


class CEBRA(XCEBRA):
    """``cebra.CEBRA``: contrastive learning without the Jacobian penalty, with CEBRA's defaults.

    ``temperature_mode="auto"`` trains the temperature. With ``hybrid=True`` all latents follow time and the first three follow
    the labels. Differences: ``batch_size=None``, the whole recording as one batch, is
    refused; ``transform`` gives ``float32``; `save` writes a folder.

    Parameters
    ----------
    model_architecture, distance, conditional, temperature, temperature_mode, min_temperature, time_offsets, delta, \
    max_iterations, batch_size, learning_rate, output_dimension, verbose, num_hidden_units, pad_before_transform, hybrid
        As in CEBRA.
    masking_kwargs : tuple of pairs, optional
        ``(("RandomNeuronMask", ratio),)``, as in CEBRA. Other masks are refused.
    """

    def __init__(
        self,
        model_architecture: str = "offset1-model",
        device: str = "cuda_if_available",
        criterion: str = "infonce",
        distance: str = "cosine",
        conditional: str | None = None,
        temperature: float = 1.0,
        temperature_mode: str = "constant",
        min_temperature: float | None = 0.1,
        time_offsets: int = 1,
        delta: float | None = None,
        max_iterations: int = 10000,
        max_adapt_iterations: int = 500,
        batch_size: int | None = None,
        learning_rate: float = 0.0003,
        optimizer: str = "adam",
        output_dimension: int = 8,
        verbose: bool = False,
        num_hidden_units: int = 32,
        pad_before_transform: bool = True,
        hybrid: bool = False,
        optimizer_kwargs: Any = None,
        masking_kwargs: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            output_dimension=output_dimension,
            model_architecture=model_architecture,
            conditional=conditional,
            hybrid=hybrid,
            max_iterations=max_iterations,
            batch_size=batch_size,  # type: ignore[arg-type]
            learning_rate=learning_rate,
            temperature=temperature,
            temperature_mode=temperature_mode,
            min_temperature=min_temperature,  # type: ignore[arg-type]
            time_offsets=time_offsets,
            delta=delta,
            distance=distance,
            num_hidden_units=num_hidden_units,
            regularizer_weight=0.0,
            standardize=False,
            pad_before_transform=pad_before_transform,
            random_state=random_state,
            verbose=verbose,
        )
        self.device = device
        self.criterion = criterion
        self.max_adapt_iterations = max_adapt_iterations
        self.optimizer = optimizer
        self.optimizer_kwargs = optimizer_kwargs
        self.masking_kwargs = masking_kwargs

    def _settings(self, labels: Any) -> dict[str, Any]:
        found = super()._settings(labels)
        found["train"].update(_masks(self.masking_kwargs))
        return found

    def _objectives(self, labels: Any, encoder: str) -> list[dict[str, Any]]:
        found = super()._objectives(labels, encoder)
        if self.hybrid and len(found) > 1:
            # as there: all latents follow time, the first three the labels
            dims = [0, min(3, int(self.output_dimension))]
            found[1:] = [{**one, "dims": dims} for one in found[1:]]
        return found

    def fit(self, X: Any, y: Any = None, *more: Any, adapt: bool = False) -> CEBRA:  # noqa: N803
        """Train the encoder; see `xcebra.XCEBRA.fit`."""
        given = {
            "device": self.device,
            "criterion": self.criterion,
            "optimizer": self.optimizer,
            "optimizer_kwargs": _empty(self.optimizer_kwargs),
            "max_adapt_iterations": self.max_adapt_iterations,
        }
        refuse("CEBRA", given, _USUAL)
        if adapt:
            raise ValueError("CEBRA.fit: adapt=True is a method here; call adapt(X, y), which keeps the basis of the embedding")
        if self.batch_size is None:
            raise ValueError(
                "CEBRA: batch_size=None, the whole recording as one batch, is not supported; pass a number, such as 512"
            )
        super().fit(X, y, *more)
        return self

    def transform(  # type: ignore[override]
        self, X: Any, batch_size: int | None = None, session_id: int | None = None  # noqa: N803
    ) -> Any:
        """Embed a recording by the encoder of a session. Sessions with the same channels share one."""
        if session_id is not None and isinstance(X, (list, tuple)):
            X = X[session_id]  # noqa: N806
        return super().transform(X, session_id if self._has_several() else None)

    def save(self, filename: str | os.PathLike[str], backend: str = "sklearn", overwrite: bool = True) -> None:
        """Write a folder, whose name is that of the file."""
        _backend(backend)
        super().save(filename, overwrite=overwrite)

    @classmethod
    def load(cls, filename: str | os.PathLike[str], backend: str = "auto", **more: Any) -> XCEBRA:  # type: ignore[override]
        """Read a folder that `save` wrote, or a file that CEBRA wrote."""
        _backend(backend)
        refuse("CEBRA.load", more, {"weights_only": ((None, True), "nothing in a file is run; leave it out")})
        return XCEBRA.load(filename) if os.path.isdir(filename) else XCEBRA.from_cebra(filename)


def _backend(backend: str) -> None:
    if backend not in ("auto", "sklearn"):
        raise ValueError(f"backend={backend!r} has no meaning here; a model is a folder of its own form, leave it out")


def _masks(value: Any) -> dict[str, float]:
    """CEBRA's masks, as a dict or a tuple of pairs. That of neurons is the same here."""
    given = dict(value or {})
    ratio = given.pop("RandomNeuronMask", None)
    if given or not isinstance(ratio, (float, type(None))):
        raise ValueError(
            f"CEBRA: masking_kwargs={value!r} is not supported; pass (('RandomNeuronMask', 0.2),), or hide times by "
            "settings={'train': {'mask_times': 0.2}} of xcebra.XCEBRA"
        )
    return {} if ratio is None else {"mask_channels": ratio}


def _empty(value: Any) -> Any:
    """CEBRA's defaults of its optimiser, as a tuple of pairs, mean what leaving them out means."""
    usual = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False}
    if value is not None and dict(value) == usual:
        return None
    return value or None


def load_data(file: str, key: str | None = None, columns: list[str] | None = None) -> np.ndarray:
    """``cebra.load_data`` for ``.npy``, ``.npz`` and ``.csv``."""
    if str(file).endswith(".npy"):
        return np.load(file)
    if str(file).endswith(".npz"):
        with np.load(file) as arrays:
            return arrays[key or arrays.files[0]]
    if str(file).endswith(".csv"):
        import pandas

        frame = pandas.read_csv(file)
        return frame[columns].to_numpy() if columns else frame.to_numpy()
    raise ValueError(f"{file}: pass .npy, .npz or .csv; read other files with the library that wrote them")


#: The names of CEBRA's attribution methods, the methods here, and the keys of the results.
_METHODS = {
    "jacobian-based": ("ing", ("jf", "jf-inv-svd")),
    "jacobian-based-batched": ("ing", ("jf", "jf-inv-svd")),
    "neuron-gradient": ("neuron-gradient", ("neuron-gradient",)),
    "neuron-gradient-batched": ("neuron-gradient", ("neuron-gradient",)),
    "neuron-gradient-shap": ("gradient-shap", ("neuron-gradient-shap",)),
    "neuron-gradient-shap-batched": ("gradient-shap", ("neuron-gradient-shap",)),
    "integrated-gradients": ("integrated-gradients", ("integrated-gradients",)),
    "integrated-gradients-batched": ("integrated-gradients", ("integrated-gradients",)),
    "feature-ablation": ("feature-ablation", ("feature-ablation",)),
    "feature-ablation-batched": ("feature-ablation", ("feature-ablation",)),
    "shapley-value-sampling": ("shapley-sampling", ("shapley-value-sampling",)),
}


class _Attribution:
    """What ``cebra.attribution.init`` gives."""

    def __init__(self, name: str, model: Any, input_data: Any, output_dimension: int | None, num_samples: int | None) -> None:
        self.name = name
        self.model = model
        self.input_data = input_data
        self.output_dimension = output_dimension
        self.num_samples = num_samples

    def compute_attribution_map(self, **arguments: Any) -> dict[str, np.ndarray]:
        """Maps by their keys: ``(samples, latents, channels)`` for each sample, as CEBRA gives them.

        ``jf`` is the Jacobian, ``jf-inv-svd`` its pseudo-inverse (the inverted neuron gradient).
        """
        refuse("compute_attribution_map", arguments, {"batch_size": ((None, 1024), "leave it out")})
        method, keys = _METHODS[self.name]
        samples = to_numpy(self.input_data, "input_data")
        if self.num_samples is not None and len(samples) > self.num_samples:
            rows = np.random.default_rng(0).choice(len(samples), self.num_samples, replace=False)
            samples = samples[np.sort(rows)]
        methods = [method] if len(keys) == 1 else ["neuron-gradient", "ing"]
        found = {}
        for key, one in zip(keys, attribute_all(self.model, samples, methods, True), strict=True):
            values = one.per_sample
            assert values is not None
            values = np.moveaxis(values, -1, 1)  # (n, latents, …inputs)
            found[key] = values if self.output_dimension is None else values[:, : self.output_dimension]
        return found

    def compute_attribution_score(self, attribution_map: Any, ground_truth: Any) -> float:
        """Area under the ROC curve."""
        return auroc(attribution_map, ground_truth)


class _AttributionModule:
    """``cebra.attribution``."""

    @staticmethod
    def init(
        name: str, model: Any, input_data: Any, output_dimension: int | None = None, num_samples: int | None = None, **more: Any
    ) -> _Attribution:
        """An attribution method of a torch model by CEBRA's name.

        See Also
        --------
        xcebra.XCEBRA.attribution_map : of an encoder that was trained here.
        """
        if name not in _METHODS:
            raise ValueError(f"there is no attribution method {name!r}; there are {', '.join(_METHODS)}")
        if isinstance(model, XCEBRA):
            raise ValueError(
                "model is an estimator; use its attribution_map, which also takes encoders that see several samples"
            )
        refuse("attribution.init", more, {"seed": ((None, 9712341), "leave it out"), "device": (("cpu",), "leave it out")})
        return _Attribution(name, model, input_data, output_dimension, num_samples)

    @staticmethod
    def attribution_options() -> list[str]:
        """Names of the methods."""
        return list(_METHODS)


attribution = _AttributionModule()


def _consistency_score(
    embeddings: Any, between: str | None = None, labels: Any = None, dataset_ids: Any = None, num_discretization_bins: int = 100
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``cebra.sklearn.metrics.consistency_score``: scores, the pairs they are of, and what is compared."""
    count = len(embeddings)
    others = [(n, m) for n in range(count) for m in range(count) if n != m]
    if between == "runs":
        if labels is not None or dataset_ids is not None:
            raise ValueError('between="runs" compares embeddings of the same samples; leave labels and dataset_ids out')
        found = compare(embeddings)
        scores = np.array([found.r2[pair] for pair in others])
        return scores.squeeze(), np.array(others).squeeze(), np.arange(count)
    if between != "datasets":
        raise ValueError(f'between is {between!r}; pass "datasets" or "runs"')
    if labels is None:
        raise ValueError('between="datasets" compares by labels; pass the labels of each embedding')
    ids = np.arange(count) if dataset_ids is None else np.array(dataset_ids)
    found = compare(embeddings, labels, groups=list(ids), bins=num_discretization_bins)
    pairs = np.array([(ids[n], ids[m]) for n, m in others if ids[n] != ids[m]])
    return np.array([score for *_, score in found.between_groups]).squeeze(), pairs.squeeze(), ids


#: ``cebra.sklearn``, of which the scores of consistency are here.
sklearn = SimpleNamespace(metrics=SimpleNamespace(consistency_score=_consistency_score))
