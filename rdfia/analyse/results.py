"""The results of a study, read from its files: declared runs in the order of the parameters, never a glob.

A run that is declared and has no files is "not run", one that the profile does not train is "left out"; files of a run
that is no longer declared are not seen.
Accuracies are percentages from here on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rdfia import declared
from rdfia.analyse import metrics
from rdfia.analyse.card import Card as Card
from rdfia.analyse.changes import changes, departures
from rdfia.config import profile, section
from rdfia.files import find_json

FINISHED, DIVERGED, NOT_RUN, LEFT_OUT = "finished", "diverged", "not run", "left out"
PERCENT = 100.0


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

    @property
    def ran(self) -> bool:
        """Whether there are results of the run, whatever they are."""
        return self.status not in (NOT_RUN, LEFT_OUT)

    @property
    def searching(self) -> bool:
        """Whether the run searches a learning rate, by trying all: what it ends with is no result."""
        return bool(self.config) and (self.config.get("schedule") or {}).get("name") == "range_test"

    @property
    def key(self) -> str:
        """The run's name in the whole study, as in `cnn/baseline`."""
        return f"{self.chapter}/{self.name}"

    @property
    def test_accuracy(self) -> metrics.Estimate | None:
        """Test accuracy over the seeds, None before the run was evaluated."""
        return metrics.interval(list(self.test.values())) if self.test else None

    @property
    def validation_accuracy(self) -> metrics.Estimate | None:
        """Validation accuracy over the seeds."""
        return metrics.interval(list(self.validation.values())) if self.validation else None

    @property
    def gap(self) -> metrics.Estimate | None:
        """Train accuracy minus test accuracy, seed by seed: how far the network over-fits."""
        both = [self.train[seed] - self.test[seed] for seed in self.train if seed in self.test]
        return metrics.interval(both) if both else None


@dataclass(frozen=True)
class ChapterResult:
    """A chapter's runs in the order of the parameters."""

    name: str
    dataset: str
    runs: tuple[RunResult, ...]

    def run(self, name: str) -> RunResult | None:
        """The run of that name, None if none is declared."""
        return next((run for run in self.runs if run.name == name), None)

    def effect(self, run: RunResult) -> metrics.Estimate | None:
        """Test accuracy of `run` minus its reference's; None unless all seeds of both ended well.

        The intervals of a group hold together at 95 %: each at the level 1 - 5 % / comparisons (Bonferroni).
        """
        reference = self._compared(run)
        if reference is None:
            return None
        level = metrics.shared(self.comparisons(run))
        return metrics.difference(list(run.test.values()), list(reference.test.values()), level)

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
        done = [
            run for run in self.runs if run.status == FINISHED and run.test and run.validation and not run.searching
        ]
        return max(done, key=lambda run: metrics.mean(list(run.validation.values())), default=None)


@dataclass(frozen=True)
class Study:
    """All chapters under one profile, with the cards of their data."""

    root: Path
    profile: str
    chapters: tuple[ChapterResult, ...]
    cards: Mapping[str, Card]

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
        """The prepared data sets that are not the published data they take the place of."""
        return tuple(card for card in self.cards.values() if card.sha256 and card.stands_for is None)

    def run(self, key: str) -> RunResult | None:
        """The run called `chapter/name`, None if none is declared."""
        return next((run for run in self.runs if run.key == key), None)

    def folder(self) -> Path:
        """Where the profile's results lie."""
        return self.root / "reports" / self.profile


def load(params: Mapping[str, Any], root: Path) -> Study:
    """Read everything that the parameters declare, for their profile."""
    name = profile(params)
    folder = root / "reports" / name
    chapters = declared.chapters(params)
    worked = [chapter for chapter in chapters if declared.trained(params, chapter)]
    used = [str(section(params, chapter).get("dataset", "")) for chapter in worked]
    cards = {key: _card(folder, key) for key in dict.fromkeys(used) if key}
    return Study(root, name, tuple(_chapter(params, folder, chapter, cards) for chapter in chapters), cards)


def counted(done: int, runs: Sequence[RunResult]) -> str:
    """How many of the runs are done, in words: those that the profile leaves out are not asked for."""
    without = sum(run.status == LEFT_OUT for run in runs)
    return f"{done} of {len(runs) - without}" + (f", {without} left out" if without else "")


def _chapter(params: Mapping[str, Any], folder: Path, chapter: str, cards: Mapping[str, Card]) -> ChapterResult:
    """The results of all runs that a chapter declares."""
    dataset = str(section(params, chapter).get("dataset", ""))
    tests = find_json(folder / "test" / f"{chapter}.json")
    names = list(section(params, chapter, "runs"))
    card = cards.get(dataset, Card(dataset))
    runs = tuple(_run(params, folder, (chapter, name), card, tests.get(name, {})) for name in names)
    return ChapterResult(chapter, dataset, runs)


def _run(
    params: Mapping[str, Any], folder: Path, place: tuple[str, str], card: Card, test: Mapping[str, Any]
) -> RunResult:
    """One declared run from its metrics, its timing and what `evaluate` found."""
    chapter, name = place
    own = params[chapter]["runs"][name] or {}
    title = str(own.get("title", name.replace("_", " ")))
    at = folder / "runs" / chapter / name
    found = find_json(at / "metrics.json")
    run = RunResult(
        chapter,
        name,
        title,
        declared.reference(params, chapter, name),
        changes(params, chapter, name),
        card,
        group=str(own.get("group", "")),
        delta=departures(own, params[chapter]["runs"].get(declared.reference(params, chapter, name)) or {}),
    )
    if name in declared.left_out(params, chapter):
        return replace(run, status=LEFT_OUT)
    return _filled(run, found, find_json(at / "timing.json"), test) if found else run


def _filled(run: RunResult, found: Mapping[str, Any], timing: Mapping[str, Any], test: Mapping[str, Any]) -> RunResult:
    """The declared run with what its files say."""
    seeds = found.get("seeds", {})
    ended = {seed: record for seed, record in seeds.items() if record.get("status", FINISHED) == FINISHED}
    return replace(
        run,
        card=Card.read(found["data"]) if found.get("data") else run.card,
        status=str(found.get("status", FINISHED)),
        parameters=found.get("parameters"),
        flops=found.get("flops"),
        diverged=len(seeds) - len(ended),
        declared=len(seeds),
        train=_percent(ended, "frozen_accuracy") or _percent(ended, "train_accuracy"),
        validation=_percent(ended, "validation_accuracy"),
        test=_percent(test.get("seeds", {}), "accuracy"),
        confusion=tuple(tuple(row) for row in test.get("confusion") or ()),
        classes=tuple(str(name) for name in test.get("classes") or ()),
        timing=timing,
        versions=found.get("versions", {}),
        config=found.get("config", {}),
    )


def _percent(seeds: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, float]:
    """One figure of every seed that has it, in percent."""
    return {seed: PERCENT * record[key] for seed, record in seeds.items() if record.get(key) is not None}


def _card(folder: Path, name: str) -> Card:
    """The card of a data set, an empty one before it was prepared."""
    found = find_json(folder / "data" / f"{name}.json")
    return Card.read({"name": name, **found})
