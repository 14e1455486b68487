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

from rdfia.analyse import metrics
from rdfia.analyse.changes import Settings, brief, changed_keys, changes
from rdfia.chapters import kind
from rdfia.config import ConfigError, profile, section
from rdfia.files import find_json
from rdfia.record import layout
from rdfia.record.card import Card as Card
from rdfia.record.declaration import plain
from rdfia.record.predictor import recorded_run
from rdfia.record.run import DIVERGED as DIVERGED
from rdfia.record.run import FINISHED as FINISHED
from rdfia.record.run import LEFT_OUT as LEFT_OUT
from rdfia.record.run import NOT_RUN as NOT_RUN
from rdfia.record.run import Row, RunRecord
from rdfia.study import runs as study_runs
from rdfia.study.declaration import declarations
from rdfia.words import listed

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
    several: bool = False  # whether it changes several settings on purpose
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
    kind: str = ""  # the folder with what it trains, where that is not its own

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
        """The prepared data sets that are not the published data they take the place of."""
        return tuple(card for card in self.cards.values() if card.sha256 and card.stands_for is None)

    def run(self, key: str) -> RunResult | None:
        """The run called `chapter/name`, None if none is declared."""
        return next((run for run in self.runs if run.key == key), None)

    def folder(self) -> Path:
        """Where the profile's results lie."""
        return self.root / layout.report(self.profile)


def load(params: Mapping[str, Any], root: Path) -> Study:
    """Read everything that the parameters declare, for their profile."""
    name, chapters = profile(params), study_runs.chapters(params)
    active = [chapter for chapter in chapters if study_runs.trained(params, chapter)]
    used = [str(section(params, chapter).get("dataset", "")) for chapter in active]
    cards = {key: _card(root, name, key) for key in dict.fromkeys(used) if key}
    records = {
        (chapter, run): RunRecord.read(root / layout.recorded(name, chapter, run))
        for chapter in chapters
        for run in study_runs.runs(params, chapter)
    }
    results = tuple(_chapter(params, root, chapter, cards, records) for chapter in chapters)
    return Study(root, name, results, cards, _stale(params, records, cards))


def _stale(
    params: Mapping[str, Any], records: Mapping[tuple[str, str], RunRecord], cards: Mapping[str, Card]
) -> tuple[str, ...]:
    """Return the runs whose record is not of today's declaration, each with what has changed."""
    found = []
    for declared in declarations(params):
        record = records[declared.chapter, declared.run]
        if declared.left_out or not record.exists:
            continue
        card = cards.get(declared.dataset)
        changed = replace(declared, data_sha256=card.sha256 if card else "").changed(record)
        found += [f"{declared.chapter}/{declared.run} ({listed(changed)})"] if changed else []
    return tuple(found)


def counted(done: int, runs: Sequence[RunResult]) -> str:
    """How many of the runs are done, in words: those that the profile leaves out are not asked for."""
    without = sum(run.status == LEFT_OUT for run in runs)
    return f"{done} of {len(runs) - without}" + (f", {without} left out" if without else "")


def _chapter(
    params: Mapping[str, Any],
    root: Path,
    chapter: str,
    cards: Mapping[str, Card],
    records: Mapping[tuple[str, str], RunRecord],
) -> ChapterResult:
    """Return the results of all runs that a chapter declares."""
    dataset, name = str(section(params, chapter).get("dataset", "")), profile(params)
    tests = find_json(root / layout.test(name, chapter))
    card, without = cards.get(dataset, Card(dataset)), study_runs.left_out(params, chapter)
    settings = {run: _settings(params, chapter, run, records[chapter, run]) for run in study_runs.runs(params, chapter)}
    runs = []
    for run, known in settings.items():
        reference = study_runs.reference(params, chapter, run)
        result = _declared(params, chapter, run, known, settings[reference], card)
        if run in without:
            result = replace(result, status=LEFT_OUT)
        elif records[chapter, run].exists:
            result = _filled(result, records[chapter, run], tests.get(run, {}))
        runs.append(result)
    return ChapterResult(chapter, dataset, tuple(runs), kind(params, chapter))


def _settings(params: Mapping[str, Any], chapter: str, run: str, record: RunRecord) -> tuple[Settings, Settings]:
    """Return a run's settings whole and in brief: as recorded, of one that was not run as declared."""
    try:
        known = recorded_run(record) if record.exists else study_runs.resolve(params, chapter, run)
    except ValueError:  # a record of settings that are no more
        return plain(record.settings), plain(record.settings)
    except ConfigError:  # a profile that leaves the chapter out need not complete its settings
        return {}, {}
    return plain(known.model_dump(mode="json")), brief(known)


def _declared(
    params: Mapping[str, Any],
    chapter: str,
    run: str,
    settings: tuple[Settings, Settings],
    reference: tuple[Settings, Settings],
    card: Card,
) -> RunResult:
    """Return a run as it stands in the study, and what it changes."""
    place = study_runs.place(params, chapter, run)
    return RunResult(
        chapter,
        run,
        place.title or run.replace("_", " "),
        study_runs.reference(params, chapter, run),
        changes(settings[0], reference[0], settings[1]),
        card,
        group=place.group,
        delta=changed_keys(settings[0], reference[0]),
        several=place.several,
    )


def _filled(run: RunResult, record: RunRecord, test: Mapping[str, Any]) -> RunResult:
    """Return the run with what its record and its evaluation hold."""
    ended = record.sound_seeds
    return replace(
        run,
        card=Card.read(record.data) if record.data else run.card,
        status=record.status,
        parameters=record.metrics.get("parameters"),
        flops=record.metrics.get("flops"),
        diverged=len(record.seeds) - len(ended),
        declared=len(record.seeds),
        train=_percent(ended, "frozen_accuracy") or _percent(ended, "train_accuracy"),
        validation=_percent(ended, "validation_accuracy"),
        test=_percent(test.get("seeds", {}), "accuracy"),
        confusion=tuple(tuple(row) for row in test.get("confusion") or ()),
        classes=tuple(str(name) for name in test.get("classes") or ()),
        timing=record.timing,
        versions=record.metrics.get("versions", {}),
        config=record.settings,
        record=record,
    )


def _percent(seeds: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, float]:
    """Return one figure of every seed that has it, in percent."""
    return {seed: PERCENT * record[key] for seed, record in seeds.items() if record.get(key) is not None}


def _card(root: Path, profile: str, name: str) -> Card:
    """Return the card of a data set, an empty one before it was prepared."""
    return Card.read({"name": name, **find_json(root / layout.card(profile, name))})
