"""A run over its seeds: reproducible to the byte, the same side by side as one after the other, and written whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rdfia.record import outcome as outcomes
from rdfia.record.predictor import predictor
from rdfia.record.run import FILES, HISTORY, METRICS, WEIGHTS
from rdfia.train.classifier import build
from rdfia.train.descent import whitened
from rdfia.train.epochs import EpochRecord
from rdfia.train.fit import EVALUATION_BATCH, predict
from rdfia.train.precision import Precision
from rdfia.train.run import Data, Trained
from tests.train.sample import outcome, run, written

DROPOUT_AND_FLIP = {
    "augment": ({"name": "crop", "size": 7}, "horizontal_flip"),
    "model": {"name": "cnn", "channels": (4,), "kernel_size": 3, "hidden": 8, "dropout": 0.3, "batch_norm": True},
}


def test_side_by_side_writes_the_same_bytes(tmp_path: Path, data: Data) -> None:
    one, two = (written(tmp_path / str(jobs), data, run(**DROPOUT_AND_FLIP), "cnn", jobs).folder for jobs in (1, 2))
    for name in (HISTORY, METRICS, WEIGHTS):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_seeds_differ_from_one_another(data: Data) -> None:
    collected = outcome(data, run())
    losses = {records[-1].validation_loss for records in collected.history.values()}
    assert len(losses) == 3


def test_the_files_hold_the_trained_run(tmp_path: Path, data: Data) -> None:
    record = written(tmp_path / "tiny", data, run(), "cnn")
    assert {path.name for path in record.folder.iterdir()} == {*FILES, WEIGHTS}
    assert len(record.history) == 3 * 3
    assert record.history[0]["train_loss"] is None
    assert record.status == "finished"
    assert record.metrics["parameters"] == 4 * 9 + 4 + (4 * 16 * 8 + 8) + (8 * 2 + 2)
    accuracy = record.seeds["2"]["validation_accuracy"]
    assert record.history[-1]["validation_accuracy"] == pytest.approx(accuracy)
    correct = (predictor(record, 2)(data.validation[0]).argmax(1) == data.validation[1]).float().mean().item()
    assert correct == pytest.approx(accuracy)


def test_a_run_that_diverges_is_recorded_as_such(tmp_path: Path, data: Data) -> None:
    wild = run(optimiser={"name": "sgd", "learning_rate": 1e30}, epochs=4)
    record = written(tmp_path / "tiny", data, wild, "cnn", 2)
    assert record.status == "diverged"
    assert [seed["diverged_at"] for seed in record.seeds.values()] == [1, 1, 1]


def test_a_seed_that_fails_ends_the_run_with_its_error(data: Data) -> None:
    broken = Data(data.card, data.statistics, (data.train[0], data.train[1] + 5), data.validation)
    with pytest.raises(IndexError):
        outcome(broken, run(), 2)


@pytest.mark.parametrize("killed_at", ["timing.json", "metrics.json"])
def test_a_run_killed_while_it_writes_leaves_the_old_result_whole(
    tmp_path: Path, data: Data, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "tiny", data, run(seeds=1), "cnn")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write_json = outcomes.write_json

    def killed(content: Any, path: Path) -> None:
        if path.name == killed_at:
            raise KeyboardInterrupt
        write_json(content, path)

    monkeypatch.setattr(outcomes, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path / "tiny", data, run(seeds=1, epochs=1), "cnn")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_another_result_takes_the_place_of_the_old_one_whole(tmp_path: Path, data: Data) -> None:
    old = written(tmp_path / "tiny", data, run(seeds=1), "cnn")
    (old.folder / "left.over").write_text("")
    new = written(tmp_path / "tiny", data, run(seeds=1, epochs=1), "cnn")
    assert {path.name for path in tmp_path.rglob("*")} == {"tiny", *FILES, WEIGHTS}
    assert (old.seeds["0"]["epochs"], new.seeds["0"]["epochs"]) == (2, 1)


def test_whole_batches_and_too_large_ones_are_the_train_set(data: Data) -> None:
    every, larger = (outcome(data, run(batch_size=size, seeds=1)) for size in ("all", 10_000))
    assert every.history[0][-1] == larger.history[0][-1]
    assert every.history[0][-1].step == 2


def test_reports_are_records_then_weights(data: Data) -> None:
    reports = [report for _, report in run(seeds=1).events(data)]
    assert all(isinstance(report, EpochRecord) for report in reports[:-1])
    assert isinstance(reports[-1], Trained)
    assert all(np.isfinite(value).all() for value in reports[-1].weights.values())


@pytest.mark.parametrize("augment", [(), ({"name": "crop", "size": 7}, "horizontal_flip")])
def test_whitening_ahead_trains_as_whitening_each_batch(
    data: Data, augment: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = run(normalise="zca", augment=augment, seeds=1)
    ahead = outcome(data, chosen).history[0][-1]
    monkeypatch.setattr("rdfia.train.descent.whitened", lambda run, data: (run, data))
    each = outcome(data, chosen).history[0][-1]
    assert ahead.validation_loss == pytest.approx(each.validation_loss, rel=1e-4)


def test_colours_are_changed_before_whitening(data: Data) -> None:
    jittered = run(normalise="zca", augment=({"name": "jitter", "brightness": 0.2},))
    assert whitened(jittered, data) == (jittered, data)
    assert whitened(run(normalise="zca"), data)[0].normalise.name == "none"


def test_whitening_ahead_keeps_the_shape_of_many_images(data: Data) -> None:
    many = replace(data, train=(data.train[0].repeat(5, 1, 1, 1), data.train[1].repeat(5)))
    assert len(many.train[1]) > EVALUATION_BATCH
    x = whitened(run(normalise="zca"), many)[1].train[0]
    assert x.shape == many.train[0].shape
    torch.testing.assert_close(x[:120], x[120:240])


def test_predictions_of_many_images_are_those_of_each(data: Data) -> None:
    model = build(run(), data.card, data.statistics, torch.Generator().manual_seed(0)).eval()
    x = data.train[0].repeat(5, 1, 1, 1)
    logits = predict(model, x, Precision("float32", torch.device("cpu")))
    assert logits.shape == (600, 2)
    torch.testing.assert_close(logits[480:], logits[:120])


def test_validation_may_be_seen_with_its_own_statistics(data: Data) -> None:
    ours, own = (whitened(run(normalise={"name": "zca", "own": own}), data)[1] for own in (False, True))
    torch.testing.assert_close(ours.train[0], own.train[0])
    assert (ours.validation[0] - own.validation[0]).abs().max() > 0.01
    assert own.validation[0].mean(0).abs().max() < 1e-4 < ours.validation[0].mean(0).abs().max()
