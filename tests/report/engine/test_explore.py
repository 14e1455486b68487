"""What a page's scripts read: every seed, few epochs, few digits, and nothing that JSON cannot say."""

import json
from dataclasses import replace
from pathlib import Path

from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.explore import POINTS, explored, on_page, settings, with_curves
from tests.record.making import history
from tests.report import large


def test_a_run_has_each_seed_at_few_epochs(tmp_path: Path) -> None:
    study = large.study(tmp_path, "optimiser")
    found = explored(study)
    assert [run["place"] for run in found.values()] == list(range(len(study.runs)))
    run = study.runs[0]
    facts, rows = found[run.key], run.history
    assert facts["seeds"] == list(range(large.SEEDS))
    assert facts["epochs"] == list(range(large.EPOCHS + 1))
    last = [100 * (row["validation_accuracy"] or 0) for row in rows if row["epoch"] == large.EPOCHS]
    assert [line[-1] for line in facts["accuracy"]["validation"]] == [round(value, 2) for value in last]
    assert {line[0] for line in facts["loss"]["train"]} == {None}  # nothing was trained before the first step


def test_a_long_history_is_thinned_to_its_ends_and_no_number_is_left_out(tmp_path: Path) -> None:
    lines = [f"{large.HEAD},validation_loss,validation_accuracy"]
    lines += [f"0,{epoch},{epoch},0.1,,,{'nan' if epoch == 0 else 1},0.5,inf,0.25" for epoch in range(1000)]
    run = replace(large.run("long", 50.0), record=history(tmp_path, "cnn", "long", lines))
    chapter = replace(large.chapter(), runs=(run,))
    found = explored(Study(tmp_path, "full", (chapter,), {}))["cnn/long"]
    assert len(found["epochs"]) == POINTS
    assert (found["epochs"][0], found["epochs"][-1]) == (0, 999)
    assert found["loss"]["frozen"][0][:2] == [None, 1.0]
    assert "validation" not in found["loss"]  # it has no finite value
    json.dumps(found, allow_nan=False)


def test_runs_without_epochs_are_compared_but_have_no_curves() -> None:
    found = explored(Study(Path(), "full", (large.chapter(),), {}))
    assert len(found) == len(large.chapter().runs)
    assert with_curves(found, found) == {}
    assert on_page(found, Section("cnn", "A chapter", ())) == {}


def test_settings_are_written_as_the_parameters_have_them() -> None:
    config = {"model": {"name": "cnn", "kernel": [3, 3]}, "patience": None, "own": True, "start": {}}
    expected = {"model.name": "cnn", "model.kernel": "[3, 3]", "patience": "null", "own": "true", "start": "{}"}
    assert settings(config) == expected
