"""Runs that are read together: their order, and what they are called."""

from typing import Any

from rdfia.analyse.changes import changed_keys
from rdfia.analyse.groups import groups
from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.config import merge


def run(name: str, group: str = "", reference: str = "base", **own: Any) -> RunResult:
    config = {"optimiser": {"learning_rate": 0.07}, "batch_size": 10}
    merged: Any = merge(config, own)
    delta = changed_keys(merged, config)
    return RunResult("mlp", name, name, reference, "", Card("circles"), group=group, delta=delta, config=merged)


def chapter(*runs: RunResult) -> ChapterResult:
    return ChapterResult("mlp", "circles", runs)


def test_a_grid_holds_its_reference_in_its_place_and_is_called_by_its_values() -> None:
    rates = [run(f"r{rate}", "learning rate", optimiser={"learning_rate": rate}) for rate in (2.0, 0.001, 0.3)]
    alone, grid = groups(chapter(run("base"), *rates))
    assert (alone.name, alone.suffix, alone.labels) == ("", "", ("base",))
    assert grid.suffix == "_learning_rate"
    assert [r.name for r in grid.runs] == ["r0.001", "base", "r0.3", "r2.0"]
    assert grid.labels == ("learning rate 0.001", "learning rate 0.07", "learning rate 0.3", "learning rate 2.0")


def test_a_word_comes_after_the_numbers() -> None:
    sizes = [run(f"b{size}", "batch size", batch_size=size) for size in ("all", 1, 50)]
    *_, grid = groups(chapter(run("base"), *sizes))
    assert grid.labels == ("batch size 1", "batch size 10", "batch size 50", "batch size all")


def test_variants_of_different_settings_keep_their_names_after_their_reference() -> None:
    first = run("first", "start", batch_size=5)
    second = run("second", "start", reference="first", batch_size=5, normalise="zca")
    *_, variants = groups(chapter(run("base"), run("other"), first, second))
    assert variants.labels == ("base", "first", "second")


def test_runs_without_results_keep_their_names() -> None:
    planned = RunResult("mlp", "planned", "", "base", "", Card("c"), group="batch size", delta=("batch_size",))
    *_, grid = groups(chapter(run("base"), planned))
    assert grid.labels == ("base", "planned")


def test_a_reference_within_its_group_is_not_repeated() -> None:
    (together,) = groups(chapter(run("base", "all"), run("large", "all", batch_size=99)))
    assert together.labels == ("batch size 10", "batch size 99")


def test_settings_of_many_words_do_not_name_runs() -> None:
    crops = [run(name, "crops", augment=[{"name": name, "size": 28}]) for name in ("crop", "centre_crop")]
    *_, group = groups(chapter(run("base", augment=[]), *crops))
    assert group.labels == ("base", "crop", "centre_crop")
