"""The results of a study: every declared run and what it came to. Accuracies are percentages from here on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rdfia.analyse import metrics
from rdfia.record import layout, select
from rdfia.record.card import Card as Card
from rdfia.record.run import DIVERGED as DIVERGED
from rdfia.record.run import FINISHED as FINISHED
from rdfia.record.run import LEFT_OUT as LEFT_OUT
from rdfia.record.run import NOT_RUN as NOT_RUN
from rdfia.record.run import Row, RunRecord, searches

PERCENT = 100.0


def accuracy(values: Sequence[float], noise: metrics.Noise = metrics.UNKNOWN) -> metrics.Estimate:
    """Return the mean of accuracies in percent with its interval, which is cut at 0 and 100."""
    return metrics.bounded(metrics.interval(values, noise=noise), 0, PERCENT)


@dataclass(frozen=True)
class RunResult:
    """One declared run: what it changes, and the figures of each seed that ended well, in percent."""

    chapter: str
    name: str
    title: str
    reference: str
    changes: str
    card: Card
    status: str = NOT_RUN
    parameters: int | None = None
    diverged: int = 0
    declared: int = 0
    train: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    classes: tuple[str, ...] = ()
    timing: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    delta: tuple[str, ...] = ()  # the dotted keys of the settings that the run writes otherwise than its reference
    flops: int | None = None  # of one example on its way forward
    config: Mapping[str, Any] = field(default_factory=dict)
    several: bool = False  # whether it changes several settings on purpose
    noise: Mapping[str, metrics.Noise] = field(default_factory=dict)  # what the chapter's runs say of the seeds
    stage: str = ""  # of DVC, which trains it
    record: RunRecord = field(default_factory=lambda: RunRecord(Path()))

    @property
    def history(self) -> list[Row]:
        """One row for each seed and recorded epoch."""
        return self.record.history

    @property
    def ran(self) -> bool:
        """Whether there are results of the run, whatever they are."""
        return self.status not in (NOT_RUN, LEFT_OUT)

    @property
    def searching(self) -> bool:
        """Whether the run searches a learning rate, by trying all: what it ends with is no result."""
        return searches(self.config)

    @property
    def validated(self) -> list[float]:
        """The validation accuracy of every seed, of a run that was evaluated: what the best is chosen by."""
        return list(self.validation.values()) if self.test else []

    @property
    def key(self) -> str:
        """The run's name in the whole study, as in `cnn/baseline`."""
        return f"{self.chapter}/{self.name}"

    @property
    def test_accuracy(self) -> metrics.Estimate | None:
        """Test accuracy over the seeds, None before the run was evaluated."""
        return accuracy(list(self.test.values()), self.expected("test")) if self.test else None

    @property
    def figures(self) -> tuple[Mapping[str, float], ...]:
        """The accuracies of every seed, by which runs that are one under several names are known."""
        return self.test, self.validation, self.train

    def expected(self, part: str) -> metrics.Noise:
        """What is expected of the seeds' variance in test or validation accuracy, or in the gap."""
        return self.noise.get(part, metrics.UNKNOWN)

    def beyond(self, other: "RunResult", level: float = metrics.LEVEL) -> metrics.Estimate:
        """Test accuracy minus that of another run of the chapter; both were evaluated."""
        ours, theirs = (list(run.test.values()) for run in (self, other))
        return metrics.difference(ours, theirs, level, self.expected("test"))

    @property
    def validation_accuracy(self) -> metrics.Estimate | None:
        """Validation accuracy over the seeds."""
        values = list(self.validation.values())
        return accuracy(values, self.expected("validation")) if values else None

    @property
    def gaps(self) -> list[float]:
        """Train accuracy minus test accuracy of each seed."""
        return [self.train[seed] - self.test[seed] for seed in self.train if seed in self.test]

    @property
    def gap(self) -> metrics.Estimate | None:
        """Train accuracy minus test accuracy: how far the network over-fits."""
        if not self.gaps:
            return None
        return metrics.bounded(metrics.interval(self.gaps, noise=self.expected("gap")), -PERCENT, PERCENT)


def distinct(runs: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs without those that come to the same as an earlier one with every seed."""
    return [run for place, run in enumerate(runs) if run.figures not in [other.figures for other in runs[:place]]]


@dataclass(frozen=True)
class ChapterResult:
    """A chapter's runs in the order of the parameters."""

    name: str
    dataset: str
    runs: tuple[RunResult, ...]
    kind: str = ""  # the folder with what it trains, where that is not its own

    def run(self, name: str) -> RunResult | None:
        """The run of that name, None if none is declared."""
        return next((run for run in self.runs if run.name == name), None)

    def effect(self, run: RunResult) -> metrics.Estimate | None:
        """Test accuracy of `run` minus its reference's; None unless all seeds of both ended well.

        The intervals of a group hold together at 95 %: each at the level 1 - 5 % / comparisons (Bonferroni). A run that
        comes to the same as its reference with every seed has no interval: there is no noise between them.
        """
        reference = self._compared(run)
        if reference is None:
            return None
        if run.figures == reference.figures:
            return metrics.Estimate(0.0, None, None, len(run.test))
        found = run.beyond(reference, metrics.shared(self.comparisons(run)))
        return metrics.bounded(found, -PERCENT, PERCENT)

    def comparisons(self, run: RunResult) -> int:
        """How many runs of the run's group are compared with their references."""
        return sum(other.group == run.group and self._compared(other) is not None for other in self.runs)

    def _compared(self, run: RunResult) -> RunResult | None:
        """The reference of a run that can be compared with it."""
        reference = self.run(run.reference)
        if reference is None or reference is run or {run.status, reference.status} != {FINISHED}:
            return None
        return reference if run.test and reference.test and not run.searching else None

    @property
    def left_out(self) -> bool:
        """Whether the profile trains none of its runs."""
        return all(run.status == LEFT_OUT for run in self.runs)

    @property
    def best(self) -> RunResult | None:
        """The evaluated run with the highest mean validation accuracy: the test set chooses nothing."""
        return select.best(self.runs)


@dataclass(frozen=True)
class Study:
    """All chapters under one profile, with the cards of their data."""

    root: Path
    profile: str
    chapters: tuple[ChapterResult, ...]
    cards: Mapping[str, Card]
    stale: tuple[str, ...] = ()  # runs whose record is not of today's declaration, with what has changed

    @property
    def replayed(self) -> tuple[str, ...]:
        """The runs whose code has changed since, and whose first epochs were trained again."""
        return tuple(run.key for run in self.runs if run.record.replayed)

    @property
    def active_chapters(self) -> tuple[ChapterResult, ...]:
        """The chapters of which the profile trains runs."""
        return tuple(chapter for chapter in self.chapters if not chapter.left_out)

    @property
    def runs(self) -> tuple[RunResult, ...]:
        """Every declared run."""
        return tuple(run for chapter in self.chapters for run in chapter.runs)

    @cached_property
    def stand_ins(self) -> tuple[Card, ...]:
        """The prepared data sets that take the place of published data."""
        return tuple(card for card in self.cards.values() if card.sha256 and card.stand_in)

    def run(self, key: str) -> RunResult | None:
        """The run called `chapter/name`, None if none is declared."""
        return next((run for run in self.runs if run.key == key), None)

    def folder(self) -> Path:
        """Where the profile's results lie."""
        return self.root / layout.report(self.profile)


def counted(done: int, runs: Sequence[RunResult]) -> str:
    """How many of the runs are done, in words: those that the profile leaves out are not asked for."""
    without = sum(run.status == LEFT_OUT for run in runs)
    return f"{done} of {len(runs) - without}" + (f", {without} left out" if without else "")
