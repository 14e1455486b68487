"""Whether a run can be trained on its data, with the key of the setting in the error."""

from collections.abc import Mapping
from typing import Any

from rdfia.config import ConfigError, at
from rdfia.train.run import Run
from rdfia.train.shapes import check_augmentations, check_shapes


def trainable(run: Run, card: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse what can be known to fail from the card of the data, without the data.

    `layers` are what the run is made of, one of which the error names.
    """
    counts, sample = card.get("counts", {}), getattr(run, "sample", None)
    with at(layers):
        if counts.get("validation") == 0:
            raise ConfigError("validation: found 0 examples, allowed: at least 1, by which runs are judged")
        if sample is not None and sample > counts.get("train", sample):
            raise ConfigError(f"sample: found {sample}, allowed: 1 to {counts['train']}, the train examples there are")
        check_shapes(run, card)
        check_augmentations(run, card)
