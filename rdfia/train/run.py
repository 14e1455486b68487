"""The base class of every chapter's runs, the data that they are trained on, and the events that training yields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config
from rdfia.data import batches
from rdfia.data.augment import Augmentations
from rdfia.data.normalise import Identity, Normaliser
from rdfia.train.state import State

BYTES, COPIES = 4, 4  # of a number; of each weight in training: itself, its gradient, and the two averages of Adam
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


@dataclass(frozen=True)
class Checkpoint:
    """A place at which training can be stopped and go on: `state` copies its state, until training goes on itself."""

    epoch: int
    state: Callable[[], State]


Event = tuple[int, Record | Snapshot | Trained]  # of a seed
Train = Callable[[Sequence[int], State | None], Iterator[Event | tuple[int, Checkpoint]]]


@dataclass(frozen=True)
class Program:
    """A run ready to train: which seeds train as one, and what trains them.

    `train` begins with the seeds and, where they were stopped before, with the state of a checkpoint. Of seeds that
    train one after the other the state is that of the first, and those that have ended are not among them.
    """

    groups: tuple[tuple[int, ...], ...]
    train: Train

    def events(self, group: Sequence[int]) -> Iterator[Event]:
        """Train seeds from the beginning to the end."""
        for seed, report in self.train(group, None):
            if not isinstance(report, Checkpoint):
                yield seed, report


class Run(Config):
    """The settings of every run of every chapter; a chapter adds its model and its training."""

    model: Any
    normalise: Normaliser = Identity()
    augment: Augmentations = ()
    seeds: int = Field(ge=1, le=1000)
    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy")  # whose versions the result depends on
    record: ClassVar[type[Record]]  # the class of its records

    def program(self, data: Data) -> Program:
        """Make ready to train: all that is the same for every seed is done here, before processes part."""
        raise NotImplementedError

    def events(self, data: Data) -> Iterator[Event]:
        """Train every seed, one program after the other."""
        program = self.program(data)
        for group in program.groups:
            yield from program.events(group)

    @property
    def begins(self) -> tuple[str, str] | None:
        """The chapter and the run whose weights it begins from, if they are another run's."""
        start = getattr(self.model, "start", None)
        return (start.chapter, start.run) if start is not None and start.name == "run" else None

    def examples(self, count: int) -> int:
        """Return on how many of `count` train examples a seed is trained."""
        return getattr(self, "sample", None) or count

    def flops(self, data: Data) -> int | None:
        """Return the operations of one forward pass of one example, a product with its sum being two."""
        return None

    def around(self, network: nn.Module, generator: Generator) -> nn.Module:
        """Return all that is trained: the network with what is trained around it."""
        return network

    def memory(self, weights: int, values: int, examples: int) -> int:
        """Estimate the bytes that training takes at least, for inputs of so many values, by weights and one batch."""
        return BYTES * (COPIES * weights + batches.size(getattr(self, "batch_size", 1), examples) * values)
