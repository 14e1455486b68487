"""Runs of timm's vision transformer from their declaration to their files, one starting from the other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rdfia.chapters.vit_timm.run import ChapterRun
from rdfia.config import ConfigError
from rdfia.data.normalise import fit_all
from rdfia.record.layout import trained as folder_of
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


def task(name: str, settings: ChapterRun) -> Task:
    return Task("tiny", CHAPTER, name, CHAPTER, settings, "code")


def quiet(line: str) -> None:
    """Nothing is printed."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two trained runs, the second of which starts from the first."""
    root: Path = tmp_path_factory.mktemp("timm")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        train(task("first", run()), data(), 1, quiet)
        train(task("second", run(epochs=1, model={"start": EARLIER})), data(), 1, quiet)
    return root


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


def record(name: str) -> RunRecord:
    return RunRecord.read(folder_of("tiny", CHAPTER, name))


def history(name: str) -> "np.ndarray[Any, Any]":
    return np.genfromtxt(record(name).folder / "history.csv", delimiter=",", names=True)


def test_a_run_that_starts_from_another_begins_where_that_ended(here: Path) -> None:
    first, second = history("first"), history("second")
    for seed in (0, 1):
        before, after = (h[h["seed"] == seed] for h in (first, second))
        assert after["validation_loss"][0] == pytest.approx(before["validation_loss"][-1], rel=1e-4)
        assert after["frozen_loss"][0] < before["frozen_loss"][0] - 0.02


def test_the_metrics_say_what_a_run_started_from(here: Path) -> None:
    first, second = record("first"), record("second")
    assert second.settings["model"]["start"] == EARLIER | {"sha256": first.metrics["weights_sha256"]}
    assert set(first.metrics["versions"]) == {"torch", "numpy", "timm"}


def test_a_predictor_needs_no_weights_but_its_own(here: Path) -> None:
    source, x = record("first").folder, data().validation[0]
    hidden = source.rename(here / "hidden")
    try:
        model = predictor(record("second"), 0)
        with torch.no_grad():
            accuracy = (model(x).argmax(1) == data().validation[1]).float().mean()
        assert float(accuracy) == pytest.approx(record("second").seeds["0"]["validation_accuracy"], abs=1e-6)
    finally:
        hidden.rename(source)


def test_the_trained_network_is_exported_for_batches_of_any_size(here: Path) -> None:
    model, x = predictor(record("first"), 1), data().validation[0]
    graph = torch.export.export(model, (x[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},)).module()
    for some in (x[:1], x[:7]):
        torch.testing.assert_close(graph(some), model(some))


def test_a_start_that_is_not_trained_names_the_run(here: Path) -> None:
    missing = run(model={"start": EARLIER | {"run": "third"}})
    with pytest.raises(
        ConfigError, match=r"vit_timm\.runs\.fourth\.model\.start: found vit_timm/third, allowed: a run"
    ):
        train(task("fourth", missing), data(), 1, quiet)


def test_the_same_seeds_give_the_same_bytes_one_at_a_time_or_side_by_side() -> None:
    def weights(jobs: int) -> dict[int, Trained]:
        return {seed: e for seed, e in events(run(epochs=1), data(), jobs) if isinstance(e, Trained)}

    alone, beside = weights(1), weights(2)
    assert sorted(alone) == sorted(beside) == [0, 1]
    for seed, trained in alone.items():
        assert all(np.array_equal(weight, beside[seed].weights[key]) for key, weight in trained.weights.items())
