"""Whether a run can be trained on its data, with the key of the run in the error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rdfia.config import PARAMS, ConfigError
from rdfia.train.run import Run
from rdfia.train.shapes import check_augmentations, check_shapes


def trainable(run: Run, card: Mapping[str, Any], key: str) -> None:
    """Refuse what can be known to fail from the card of the data, without the data."""
    counts, sample = card.get("counts", {}), getattr(run, "sample", None)
    with at(key):
        if counts.get("validation") == 0:
            raise ConfigError("validation: found 0 examples, allowed: at least 1, by which runs are judged")
        if sample is not None and sample > counts.get("train", sample):
            raise ConfigError(f"sample: found {sample}, allowed: 1 to {counts['train']}, the train examples there are")
        check_shapes(run, card)
        check_augmentations(run, card)


@contextmanager
def at(key: str) -> Iterator[None]:
    """Put the key of a run before what is wrong with its settings inside the block."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{PARAMS}: {key}.{error}") from None
