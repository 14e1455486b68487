"""Runs of timm's vision transformer from their declaration to their files, one starting from the other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rdfia.chapters.vit_timm.run import ChapterRun
from rdfia.config import ConfigError
from rdfia.data.normalise import fit_all
from rdfia.record import layout
from rdfia.record.predictor import predictor
from rdfia.record.run import RunRecord
from rdfia.study.train_run import Task, events, train
from rdfia.train.run import Data, Trained

CHAPTER = "vit_timm"
EARLIER = {"name": "run", "chapter": CHAPTER, "run": "first"}


def images(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise with a bright left half (class 0) or right half (class 1): uint8 (count, 1, 8, 8)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(2, (count,), generator=generator)
    x = torch.rand(count, 1, 8, 8, generator=generator)
    x[y == 0, :, :, :4] += 0.5
    x[y == 1, :, :, 4:] += 0.5
    return (x * 170).to(torch.uint8), y


def data() -> Data:
    card = {"name": "blobs", "kind": "images", "classes": ["left", "right"], "shape": [1, 8, 8], "sha256": "0"}
    return Data(card, fit_all(images(96, 0)[0]), images(96, 0), images(40, 1))


def run(**changes: Any) -> ChapterRun:
    model = {
        "name": "timm",
        "img_size": 8,
        "patch_size": 4,
        "embed": 12,
        "depth": 2,
        "heads": 3,
        "initialisation": "jax",
    }
    base = {
        "optimiser": {"name": "adamw", "learning_rate": 0.01},
        "normalise": "standardise",
        "epochs": 4,
        "batch_size": 16,
        "seeds": 2,
    }
    return ChapterRun.model_validate(base | {"model": model | changes.pop("model", {})} | changes)


def train_quietly(name: str, settings: ChapterRun) -> None:
    """Train a run, and print nothing."""
    train(
        Task("tiny", CHAPTER, name, "vit_timm", settings, "0", {f"{CHAPTER}.runs.{name}": {}}),
        data(),
        1,
        lambda line: None,
    )


def recorded(name: str) -> RunRecord:
    return RunRecord.read(layout.trained("tiny", CHAPTER, name))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two trained runs, the second of which starts from the first."""
    root: Path = tmp_path_factory.mktemp("timm")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        train_quietly("first", run())
        train_quietly("second", run(epochs=1, model={"start": EARLIER}))
    return root


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


def test_a_run_that_starts_from_another_begins_with_a_head_of_its_own_and_learns_sooner(here: Path) -> None:
    histories: list[list[dict[str, Any]]] = [recorded(name).history for name in ("first", "second")]  # type: ignore[misc]
    for seed in (0, 1):
        before, after = ([row for row in history if row["seed"] == seed] for history in histories)
        assert after[0]["validation_loss"] == pytest.approx(before[0]["validation_loss"], rel=1e-4)
        assert after[1]["frozen_loss"] < before[1]["frozen_loss"] - 0.1


def test_the_metrics_say_what_a_run_started_from(here: Path) -> None:
    first, second = recorded("first"), recorded("second")
    assert second.settings["model"]["start"] == EARLIER | {"sha256": first.metrics["weights_sha256"]}
    assert set(first.metrics["versions"]) == {"torch", "numpy", "timm"}


def test_a_predictor_needs_no_weights_but_its_own(here: Path) -> None:
    folder = recorded("second").folder.rename(here / "alone")
    source = recorded("first").folder.rename(here / "hidden")
    try:
        record, (x, y) = RunRecord.read(folder), data().validation
        with torch.no_grad():
            accuracy = (predictor(record, 0)(x).argmax(1) == y).float().mean()
        assert float(accuracy) == pytest.approx(record.seeds["0"]["validation_accuracy"], abs=1e-6)
    finally:
        folder.rename(recorded("second").folder)
        source.rename(recorded("first").folder)


def test_the_trained_network_is_exported_for_batches_of_any_size(here: Path) -> None:
    model, x = predictor(recorded("first"), 1), data().validation[0]
    graph = torch.export.export(model, (x[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},)).module()
    for some in (x[:1], x[:7]):
        torch.testing.assert_close(graph(some), model(some))


def test_a_start_that_is_not_trained_names_the_run(here: Path) -> None:
    missing = run(model={"start": EARLIER | {"run": "third"}})
    with pytest.raises(
        ConfigError, match=r"vit_timm\.runs\.fourth\.model\.start: found vit_timm/third, allowed: a run"
    ):
        train_quietly("fourth", missing)


def test_the_same_seeds_give_the_same_bytes_one_at_a_time_or_side_by_side() -> None:
    def weights(jobs: int) -> dict[int, Trained]:
        return {seed: e for seed, e in events(run(epochs=1), data(), jobs) if isinstance(e, Trained)}

    alone, beside = weights(1), weights(2)
    assert sorted(alone) == sorted(beside) == [0, 1]
    for seed, trained in alone.items():
        assert all(np.array_equal(weight, beside[seed].weights[key]) for key, weight in trained.weights.items())
