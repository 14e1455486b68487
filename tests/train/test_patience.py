"""Early stopping, a sample of the train split, the trace of a range test."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rdfia.analyse.probe import steps
from rdfia.config import ConfigError
from rdfia.record.predictor import predictor
from rdfia.train.classifier import forward_flops
from rdfia.train.epochs import EpochRecord
from rdfia.train.patience import EarlyStopping
from rdfia.train.run import Data
from tests.train.sample import outcome, perceptron, recorded, run, written


def epoch_record(epoch: int, loss: float) -> EpochRecord:
    return EpochRecord(epoch, epoch, 0.1, loss, 0.5, loss, 0.5, loss, 0.5)


def test_the_lowest_is_kept_and_patience_ends() -> None:
    stopping, ended = EarlyStopping(2), list[bool]()
    for epoch, loss in enumerate([3.0, 2.0, math.nan, 2.5, 1.0]):
        weights = {"w": np.array([loss])}
        ended.append(stopping.update({0: epoch_record(epoch, loss)}, lambda weights=weights: weights))  # type: ignore[misc]
    assert ended == [False, False, False, True, False]
    assert stopping.epoch == 4
    assert not EarlyStopping(None).update({}, dict)


def test_the_weights_of_the_lowest_loss_are_written(tmp_path: Path, data: Data) -> None:
    chosen = run(optimiser={"name": "sgd", "learning_rate": 3.0}, epochs=12, patience=2, seeds=2)
    collected = outcome(data, chosen)
    record = recorded(tmp_path / "tiny", data, chosen, "cnn", collected)
    histories: Any = collected.history
    for seed, records in histories.items():
        losses = [r.validation_loss for r in records]
        lowest = int(np.nanargmin(losses))
        assert collected.trained[seed].epoch == lowest == record.seeds[str(seed)]["epochs"]
        assert len(losses) <= lowest + 3
        model = predictor(record, seed)
        x, y = data.validation
        loss = torch.nn.functional.cross_entropy(model(x), y).item()
        assert loss == pytest.approx(losses[lowest], rel=1e-4)
    assert any(len(records) < 13 for records in histories.values())


def test_a_seed_that_diverges_has_not_finished_though_its_first_weights_are_kept(tmp_path: Path, data: Data) -> None:
    wild = run(optimiser={"name": "sgd", "learning_rate": 1e30}, epochs=4, patience=2, seeds=1)
    collected = outcome(data, wild)
    assert collected.trained[0].epoch == 0
    record = recorded(tmp_path / "tiny", data, wild, "cnn", collected)
    (last,) = record.seeds.values()
    assert (record.status, last["status"], last["diverged_at"]) == ("diverged", "diverged", 1)
    assert last["validation_loss"] == collected.history[0][0].validation_loss  # type: ignore[attr-defined]


def test_points_with_patience_are_not_stacked(data: Data) -> None:
    points = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    split = (points, (points[:, 0] > 0).long())
    plane = Data({**data.card, "kind": "points", "shape": [2]}, {}, split, split)
    stopped = outcome(plane, perceptron("nn", patience=3))
    whole = outcome(plane, perceptron("nn"))
    assert all(trained.epoch is not None for trained in stopped.trained.values())
    assert all(trained.epoch is None for trained in whole.trained.values())


def test_a_sample_is_the_first_of_the_train_split(data: Data) -> None:
    small: Any = outcome(data, run(sample=32, seeds=1)).history[0]
    cut = replace(data, train=(data.train[0][:32], data.train[1][:32]))
    same: Any = outcome(cut, run(seeds=1)).history[0]
    assert [r.validation_loss for r in small] == [r.validation_loss for r in same]
    assert small[-1].step == 4
    with pytest.raises(ConfigError, match="sample: found 121, allowed: 1 to 120, the train examples there are"):
        outcome(data, run(sample=121))


@pytest.mark.parametrize("record_every", [1, 4])
def test_a_range_test_keeps_every_step(record_every: int, tmp_path: Path, data: Data) -> None:
    schedule = {"name": "range_test", "low": 0.01, "high": 1e30}
    chosen = run(
        optimiser={"name": "sgd", "learning_rate": 0.5}, schedule=schedule, seeds=2, epochs=6, record_every=record_every
    )
    collected = outcome(data, chosen)
    record = recorded(tmp_path / "tiny", data, chosen, "cnn", collected)
    trace = steps(record.weights)["trace"]
    assert trace.shape[:2] == (2, 2)
    first = trace[0, 0][~trace[0, 0].isnan()]
    assert first[0] == pytest.approx(0.005)
    assert torch.all(first[1:] / first[:-1] > 1)
    epochs: Any = collected.history[0]
    sizes = torch.tensor([16.0] * 7 + [8.0])  # 120 images in batches of 16
    mean = (trace[0, 1, :8] * sizes).sum().item() / 120
    assert mean == pytest.approx(epochs[1].train_loss, rel=1e-4)
    assert not torch.isfinite(trace[:, 1]).all()
    assert record.status == "diverged"
    assert record.searching


def test_other_runs_keep_no_steps(tmp_path: Path, data: Data) -> None:
    assert steps(written(tmp_path / "tiny", data, run(seeds=1), "cnn").weights) == {}


def test_operations_are_those_counted_by_hand(data: Data) -> None:
    products = 8 * 8 * 9 * 4 + 4 * 16 * 8 + 8 * 2  # convolution, and two dense layers
    assert forward_flops(run(), data.card) == 2 * products
    smaller = run(augment=({"name": "crop", "size": 6},))
    assert forward_flops(smaller, data.card) == 2 * (6 * 6 * 9 * 4 + 4 * 9 * 8 + 8 * 2)
