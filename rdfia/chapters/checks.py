"""Whether a run's network can be built on its data, with the key of the run in the error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from rdfia.config import PARAMS, ConfigError
from rdfia.train.classifier import network
from rdfia.train.run import Run


def buildable(run: Run, card: Mapping[str, Any], key: str) -> None:
    """Refuse a network that cannot be built on these data."""
    with at(key):
        network(run, card, torch.Generator())


@contextmanager
def at(key: str) -> Iterator[None]:
    """Put the key of a run before what is wrong with its settings inside the block."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{PARAMS}: {key}.{error}") from None
