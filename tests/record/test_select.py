"""The best of several runs: by validation, among those that ended and search nothing, the first of equals."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.record.run import RunRecord
from rdfia.record.select import best, best_seed, merit

SEARCH = {"schedule": {"name": "range_test"}}


def record(*values: float | None, status: str = "finished", config: object = None) -> RunRecord:
    ended = ["diverged" if value is None else "finished" for value in values]
    seeds = {
        str(n): {"status": end, "validation_accuracy": value}
        for n, (end, value) in enumerate(zip(ended, values, strict=True))
    }
    return RunRecord(Path(), {"status": status, "seeds": seeds, "config": config or {}})


def result(name: str, found: RunRecord) -> RunResult:
    """The same run as a result of the study, evaluated."""
    values = {seed: 100 * last["validation_accuracy"] for seed, last in found.sound_seeds.items()}
    run = RunResult("cnn", name, name, name, "", Card("c"), found.status, config=found.settings)
    return replace(run, validation=values, test=dict.fromkeys(values, 1.0))


RECORDS = {
    "first": record(0.5, 0.7),
    "best": record(0.6, 0.8),
    "equal": record(0.8, 0.6),
    "spread": record(0.9, 0.4),
    "search": record(0.99, 0.99, config=SEARCH),
    "diverged": record(0.99, None, status="diverged"),
    "planned": RunRecord(Path()),
}


def test_the_best_record_has_the_highest_mean_and_stands_first_among_equals() -> None:
    assert best(RECORDS.values()) is RECORDS["best"]
    assert best(reversed(RECORDS.values())) is RECORDS["equal"]


def test_the_best_result_of_a_chapter_is_chosen_likewise() -> None:
    runs = {name: result(name, found) for name, found in RECORDS.items()}
    assert ChapterResult("cnn", "c", tuple(runs.values())).best is runs["best"]
    assert ChapterResult("cnn", "c", tuple(reversed(runs.values()))).best is runs["equal"]
    runs["best"] = replace(runs["best"], test={})  # of what was not evaluated there is nothing to show
    assert best(runs.values()) is runs["equal"]


@pytest.mark.parametrize("name", ["search", "diverged", "planned"])
def test_what_is_no_result_is_never_the_best(name: str) -> None:
    assert merit(RECORDS[name]) is None
    assert best([RECORDS[name]]) is None
    assert best([RECORDS[name], RECORDS["spread"]]) is RECORDS["spread"]
    assert best([result(name, RECORDS[name])]) is None


def test_an_accuracy_that_is_no_number_rules_a_run_out() -> None:
    assert merit(record(0.5, float("nan"))) is None
    assert merit(record(0.25, 0.75)) == 0.5


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=4), max_size=6))
def test_nothing_is_better_than_the_best(accuracies: list[list[float]]) -> None:
    records = [record(*values) for values in accuracies]
    merits = [sum(values) / len(values) for values in accuracies]
    assert best(records) is (records[merits.index(max(merits))] if records else None)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=5))
def test_the_best_seed_is_the_best_of_those_that_ended_well(accuracies: list[float | None]) -> None:
    sound = [value for value in accuracies if value is not None]
    assert best_seed(record(*accuracies)) == (accuracies.index(max(sound)) if sound else None)
