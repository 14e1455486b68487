"""The record of a run: what training wrote is read back, and a copy of it published."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.config import ConfigError
from rdfia.record.run import FILES, RunRecord, searches
from tests.record.making import Written, history, written


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written(tmp_path_factory.mktemp("record") / "runs/quick/cnn/small")


def test_it_reads_what_was_written(trained: Written) -> None:
    record, run, outcome = RunRecord.read(trained.folder), trained.run, trained.outcome
    assert (record.exists, record.status, record.searching) == (True, "finished", False)
    assert record.settings == run.model_dump(mode="json")
    assert type(run).model_validate_json(json.dumps(record.settings)) == run
    assert record.data == trained.data.card
    assert list(record.seeds) == list(record.sound_seeds) == ["0", "1"]
    accuracies = [records[-1].validation_accuracy for records in outcome.history.values()]
    assert record.validated == pytest.approx(accuracies)
    assert record.metrics["code_sha256"] == "code"
    assert record.started.isoformat() == record.timing["started"]
    assert record.weights == trained.folder / "weights.safetensors"


def test_the_history_has_every_record_and_none_where_a_cell_is_empty(trained: Written) -> None:
    rows = RunRecord.read(trained.folder).history
    reports = [(seed, report) for seed, reports in sorted(trained.outcome.history.items()) for report in reports]
    assert [(row["seed"], row["epoch"]) for row in rows] == [(seed, report.epoch) for seed, report in reports]
    assert [row["validation_loss"] for row in rows] == pytest.approx([report.validation_loss for _, report in reports])
    assert [row["epoch"] for row in rows if row["train_loss"] is None] == [0, 0]  # nothing was trained before the first


def test_a_folder_that_is_not_there_was_not_run(tmp_path: Path) -> None:
    record = RunRecord.read(tmp_path / "nothing")
    assert (record.exists, record.status) == (False, "not run")
    assert (record.history, record.validated, dict(record.settings), dict(record.seeds)) == ([], [], {}, {})
    assert not record.searching


def test_a_run_that_the_profile_leaves_out_has_no_result(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"status": "left out"}', encoding="utf-8")
    record = RunRecord.read(tmp_path)
    assert (record.exists, record.status) == (False, "left out")


def test_seeds_that_diverged_are_not_sound(tmp_path: Path) -> None:
    seeds = {"0": {"status": "diverged"}, "1": {"status": "finished", "validation_accuracy": 0.5}, "2": {}}
    record = RunRecord(tmp_path, {"status": "diverged", "seeds": seeds})
    assert list(record.sound_seeds) == ["1", "2"]
    assert record.validated == [None, 0.5, None]


@pytest.mark.parametrize(
    ("settings", "searching"),
    [
        ({"schedule": {"name": "range_test"}}, True),
        ({"schedule": {"name": "cosine"}}, False),
        ({"schedule": None}, False),
        ({}, False),
    ],
)
def test_a_range_test_searches(settings: dict[str, object], searching: bool) -> None:
    assert searches(settings) == RunRecord(Path(), {"config": settings}).searching == searching


def test_the_digest_is_of_the_result_and_not_of_its_time(tmp_path: Path) -> None:
    record = written(tmp_path).record
    before = record.digest({"seeds": {}})
    (tmp_path / "timing.json").write_text('{"seconds": 1}', encoding="utf-8")
    assert RunRecord.read(tmp_path).digest({"seeds": {}}) == before
    assert record.digest({"seeds": {"0": {}}}) != before
    for name in ("metrics.json", "history.csv"):
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(text + " ", encoding="utf-8")
        assert record.digest({"seeds": {}}) != before
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert record.digest({"seeds": {}}) == before


def test_publishing_copies_all_but_the_weights(trained: Written, tmp_path: Path) -> None:
    record = RunRecord.read(trained.folder)
    record.publish(tmp_path / "copy")
    assert {path.name for path in trained.folder.iterdir()} == {*FILES, "weights.safetensors"}
    assert {path.name for path in (tmp_path / "copy").iterdir()} == set(FILES)
    copy = RunRecord.read(tmp_path / "copy")
    assert replace(copy, folder=record.folder) == record
    assert copy.history == record.history
    assert copy.digest({}) == record.digest({})


def test_a_history_of_hand_is_read_number_by_number(tmp_path: Path) -> None:
    rows = history(tmp_path, "cnn", "a", ("seed,epoch,loss", "0,1,", "1,2,0.25")).history
    assert rows == [{"seed": 0, "epoch": 1, "loss": None}, {"seed": 1, "epoch": 2, "loss": 0.25}]


def test_a_history_may_begin_with_the_mark_of_utf_8(tmp_path: Path) -> None:
    assert history(tmp_path, "cnn", "a", ("\ufeffseed,epoch", "0,1")).history == [{"seed": 0, "epoch": 1}]


@pytest.mark.parametrize(("head", "missing"), [("seeds,epoch", "seed"), ("seed,step", "epoch")])
def test_a_history_without_its_columns_is_one_line(head: str, missing: str, tmp_path: Path) -> None:
    record = history(tmp_path, "cnn", "a", (head, "0,1"))
    with pytest.raises(ConfigError, match=rf"history\.csv: found no history \(it has no column {missing}\), allowed: "):
        record.history  # noqa: B018


def test_a_result_is_whole_with_the_weights_that_it_was_written_with(tmp_path: Path) -> None:
    record = written(tmp_path / "run").record
    assert record.whole
    content = bytearray(record.weights.read_bytes())
    content[-1] ^= 1
    record.weights.write_bytes(content)
    assert not record.whole
    record.weights.unlink()
    assert not record.whole
