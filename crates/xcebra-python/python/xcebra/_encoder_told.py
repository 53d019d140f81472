"""What is known of a trained encoder: its curves, whether it can be trusted, its page in a notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ._around import Chance
from ._html import page_html
from ._learn import Part, check_is_fitted
from ._settings import whole

if TYPE_CHECKING:
    import pandas


class WithVerdict(Part):
    """What an estimator says of its training."""

    state_dict_: Any

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
            return json.loads(self.state_dict_.compare_seeds(whole("count", count), seen))

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
            count = whole("trainings", trainings)
            many = None if blocks is None else whole("blocks", blocks)
            answer, page = self.state_dict_.chance(shuffle, count, many, seen)
        told = json.loads(answer)
        names = ("above_chance", "p", "score", "shuffled", "unit", "sentence")
        return Chance(**{name: told[name] for name in names}, _page=page)

    def _repr_html_(self) -> str:
        if not hasattr(self, "state_dict_"):
            return f"<pre>{self!r}</pre>"
        report = self.state_dict_.report()
        return page_html(report) if report else f"<pre>{self!r}</pre>"
