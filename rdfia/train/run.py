"""The base class of every chapter's runs, the data that they are trained on, and the events that training yields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field
from torch import Tensor

from rdfia.config import Config
from rdfia.data.augment import Augmentations
from rdfia.data.normalise import Identity, Normaliser

Examples = tuple[Tensor, Tensor]  # raw inputs (N, …) and labels (N,)


@dataclass(frozen=True)
class Data:
    """The data of training and validation, without the test split."""

    card: Mapping[str, Any]
    statistics: Mapping[str, Tensor]
    train: Examples
    validation: Examples


class Record(Protocol):
    """The figures of a seed at one time in training: a dataclass of numbers, which becomes a row of the history."""

    @property
    def epoch(self) -> int: ...

    @property
    def diverged(self) -> bool: ...

    @staticmethod
    def last(records: Any) -> dict[str, Any]:
        """Summarise a seed that has ended."""


Weights = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Snapshot:
    """The weights of a seed at the end of an epoch."""

    epoch: int
    weights: Weights


@dataclass(frozen=True)
class Trained:
    """The weights of a seed that has ended, and the time that it trained.

    The weights are those of `epoch`, where it is not the last; `steps` holds the rate and the loss of each step (2, n),
    `pictures` the reconstructions of a masked autoencoder (4, n, C, H, W).
    """

    weights: Weights
    seconds: float
    epoch: int | None = None
    steps: np.ndarray[Any, Any] | None = None
    pictures: np.ndarray[Any, Any] | None = None


Event = tuple[int, Record | Snapshot | Trained]  # of a seed


class Run(Config):
    """The settings of every run of every chapter; a chapter adds its model and its training."""

    title: str = ""
    group: str = ""
    reference: str | None = None
    model: Any
    normalise: Normaliser = Identity()
    augment: Augmentations = ()
    seeds: int = Field(ge=1)
    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy")  # whose versions the result depends on

    def events(self, data: Data, jobs: int | None = None) -> Iterator[Event]:
        """Train every seed, at most `jobs` at a time, which changes no number."""
        raise NotImplementedError

    def flops(self, data: Data) -> int | None:
        """Return the operations of one forward pass of one example, a product with its sum being two."""
        return None

    @property
    def effort(self) -> float:
        """Return the time of a seed relative to the chapter's other runs: the longest start first."""
        return 1.0
