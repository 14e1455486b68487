"""Trained networks rebuilt from a record: of each seed, at the end and at a snapshot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rdfia.record.predictor import predictor, recorded_run
from tests.record.making import Written, written


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written(tmp_path_factory.mktemp("record") / "small")


@pytest.mark.parametrize("seed", [0, 1])
def test_it_answers_as_the_network_did_at_the_end(trained: Written, seed: int) -> None:
    model, (x, y) = predictor(trained.record, seed), trained.data.validation
    assert not model.training
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).double().mean().item()
    assert accuracy == pytest.approx(trained.record.seeds[str(seed)]["validation_accuracy"])
    for key, weight in trained.outcome.trained[seed].weights.items():
        np.testing.assert_array_equal(model.network.state_dict()[key].numpy(), weight)


def test_a_snapshot_is_the_network_as_it_was(trained: Written) -> None:
    [shot] = trained.outcome.snapshots[1]
    weights, end = (predictor(trained.record, 1, epoch).network.state_dict() for epoch in (1, None))
    for key, weight in shot.weights.items():
        np.testing.assert_array_equal(weights[key].numpy(), weight)
    assert any(not torch.equal(weights[key], end[key]) for key in weights)


def test_the_record_alone_is_enough(trained: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = predictor(trained.record, 0)(trained.data.validation[0])
    moved = replace(trained.record, folder=tmp_path / "moved")
    moved.folder.mkdir()
    moved.weights.write_bytes(trained.record.weights.read_bytes())
    torch.testing.assert_close(predictor(moved, 0)(trained.data.validation[0]), before, rtol=0, atol=0)


def test_settings_come_back_as_the_class_that_they_were(trained: Written) -> None:
    assert recorded_run(trained.record) == trained.run
    unnamed = {key: value for key, value in trained.record.metrics.items() if key != "kind"}
    assert recorded_run(replace(trained.record, metrics=unnamed)) == trained.run
    other = replace(trained.record, metrics={**trained.record.metrics, "config": {"no": "setting"}})
    with pytest.raises(ValueError, match="no"):
        recorded_run(other)
    assert json.loads(trained.run.model_dump_json()) == trained.record.settings
