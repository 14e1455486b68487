"""Reading the results of a study from its files: declared runs in the order of the parameters, never a glob.

A run that is declared and has no files is "not run", one that the profile does not train is "left out"; files of a run
that is no longer declared are not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rdfia.analyse.changes import Settings, brief, changed_keys, changes
from rdfia.analyse.metrics import Noise
from rdfia.analyse.noise import learnt
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study, distinct
from rdfia.chapters import kind
from rdfia.config import ConfigError, options, profile, section, shorten
from rdfia.files import ANEW
from rdfia.record import layout, shape
from rdfia.record.card import Card
from rdfia.record.declaration import plain
from rdfia.record.predictor import recorded_run
from rdfia.record.run import LEFT_OUT, RunRecord
from rdfia.study import pipeline
from rdfia.study import runs as study_runs
from rdfia.study.declaration import declarations
from rdfia.words import listed


def read_study(params: Mapping[str, Any], root: Path) -> Study:
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
        card, (chapter, _, run) = cards.get(declared.dataset), declared.begins.partition("/")
        changed = declared.with_hashes(card.sha256 if card else "", records.get((chapter, run))).changed(record)
        found += [f"{declared.chapter}/{declared.run} ({listed(changed)})"] if changed else []
    return tuple(found)


def _chapter(
    params: Mapping[str, Any],
    root: Path,
    chapter: str,
    cards: Mapping[str, Card],
    records: Mapping[tuple[str, str], RunRecord],
) -> ChapterResult:
    """Return the results of all runs that a chapter declares."""
    dataset, name = str(section(params, chapter).get("dataset", "")), profile(params)
    tests = _tests(root / layout.test(name, chapter), chapter, records)
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
    noise = _noise([run for run in runs if not run.searching])
    return ChapterResult(chapter, dataset, tuple(replace(run, noise=noise) for run in runs), kind(params, chapter))


def _tests(path: Path, chapter: str, records: Mapping[tuple[str, str], RunRecord]) -> dict[str, Any]:
    """Return what a chapter's runs answer on the test split; an answer of a seed that did not end is refused."""
    tests = shape.find_answers(path)
    for run, answers in tests.items():
        record = records.get((chapter, run))
        ended = record.sound_seeds if record and record.exists else {}
        wrong = [seed for seed in answers.get("seeds", {}) if ended and seed not in ended]
        if wrong:
            allowed = f"the seeds that ended: {options(ended)}"
            raise ConfigError(f"{path}: {run}.seeds: found {shorten(wrong[0])}, allowed: {allowed}; {ANEW}")
    return tests


def _noise(runs: Sequence[RunResult]) -> dict[str, Noise]:
    """Return what the runs of a chapter say of the variance of seeds; runs that come to the same say it once."""
    runs = distinct(runs)
    return {
        "test": learnt(list(run.test.values()) for run in runs),
        "validation": learnt(list(run.validation.values()) for run in runs),
        "gap": learnt(run.gaps for run in runs),
    }


def _settings(params: Mapping[str, Any], chapter: str, run: str, record: RunRecord) -> tuple[Settings, Settings]:
    """Return a run's settings whole and in brief: as recorded, of one that was not run as declared."""
    try:
        known = recorded_run(record) if record.exists else study_runs.resolve(params, chapter, run)
    except ValueError:  # a record of settings that are no more
        return plain(record.settings), plain(record.settings)
    except ConfigError:  # a profile that leaves the chapter out need not complete its settings
        if record.exists:
            raise
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
        stage=pipeline.stage(params, chapter, run),
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
    return Card.read({"name": name, **shape.find(root / layout.card(profile, name), shape.Card)})
