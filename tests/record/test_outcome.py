"""Writing a record: whole or not at all, the same bytes for the same results."""

import hashlib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from rdfia.record import outcome
from rdfia.record.outcome import history_row, leave_out
from rdfia.record.run import FILES, RunRecord
from tests.record.making import HEAD, trained, written

NAMES = {*FILES, "weights.safetensors"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_results_are_the_same_bytes_but_for_their_time(tmp_path: Path) -> None:
    first, second = (contents(written(tmp_path / name).folder) for name in ("first", "second"))
    assert set(first) == NAMES
    assert {name for name in NAMES if first[name] != second[name]} <= {"timing.json"}


@pytest.mark.parametrize("part", ["_save_weights", "_history", "_timing", "_metrics"])
def test_a_failure_while_writing_leaves_the_old_folder(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    before = contents(written(tmp_path / "run").folder)
    monkeypatch.setattr(outcome, part, fail)
    for folder in ("run", "new"):
        with pytest.raises(OSError, match="no space left"):
            written(tmp_path / folder)
    assert contents(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_the_old_folder_held_beside_goes(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stale.txt").touch()
    assert set(contents(written(tmp_path / "run").folder)) == NAMES


def test_the_hash_is_that_of_the_weights_and_these_hold_every_seed_and_snapshot(tmp_path: Path) -> None:
    record = written(tmp_path / "run").record
    assert record.metrics["weights_sha256"] == hashlib.sha256(record.weights.read_bytes()).hexdigest()
    parts = {key.split("/")[0] for key in load_file(record.weights)}
    assert parts == {"statistics", "seed0", "seed0@1", "seed1", "seed1@1"}
    kept = {key for key in load_file(record.weights) if key.startswith("statistics/")}
    assert kept == {"statistics/standardise/mean", "statistics/standardise/std"}


def test_a_row_is_what_is_read_back_from_the_history(tmp_path: Path) -> None:
    one = written(tmp_path / "run")
    rows = [history_row(seed, report) for seed, reports in one.outcome.history.items() for report in reports]
    assert rows == one.record.history


def test_what_is_no_number_is_an_empty_cell() -> None:
    report = replace(trained()[2].history[0][-1], train_loss=float("nan"), validation_loss=float("inf"))
    row = history_row(3, report)
    assert (row["seed"], row["train_loss"], row["validation_loss"]) == (3, None, None)
    assert set(row) == {"seed", *asdict(report)}


def test_a_run_that_is_left_out_has_every_file_and_no_result(tmp_path: Path) -> None:
    written(tmp_path / "run")
    leave_out(tmp_path / "run", HEAD)
    record = RunRecord.read(tmp_path / "run")
    assert set(contents(tmp_path / "run")) == NAMES
    assert (record.exists, record.status, record.history) == (False, "left out", [])
    assert load_file(record.weights) == {}


def test_speed_is_of_the_examples_that_were_trained_on_and_the_commit_that_of_their_code(tmp_path: Path) -> None:
    run, data, gathered = trained()
    timing = written(tmp_path / "all").record.timing
    sampled = run.model_copy(update={"sample": 6})
    outcome.write(replace(gathered, commit="begun"), tmp_path / "some", HEAD, sampled, data)
    less = RunRecord.read(tmp_path / "some").timing
    assert (timing["commit"], less["commit"]) == ("", "begun")
    assert less["images_per_second"] == pytest.approx(timing["images_per_second"] * 6 / 24, abs=0.1)
