"""A run without labels: its learning, its files, and its weights as the start of a run with labels."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Generator, nn

from rdfia.chapters.masked.run import ChapterRun
from rdfia.config import ConfigError
from rdfia.record.outcome import Outcome
from rdfia.record.predictor import predictor
from rdfia.record.run import RunRecord
from rdfia.train.epochs import EpochRecord
from rdfia.train.masked import MaskedRun, fit_head, ridge
from rdfia.train.run import Data, Trained
from tests.train.sample import outcome, written

MODEL = {"name": "timm", "img_size": 8, "patch_size": 2, "embed": 16, "depth": 1, "heads": 2}


def run(**settings: Any) -> MaskedRun:
    base = {
        "model": MODEL,
        "decoder": {"embed": 16, "heads": 2},
        "normalise": "standardise",
        "optimiser": {"name": "adamw", "learning_rate": 0.003},
        "epochs": 2,
        "batch_size": 40,
        "seeds": 2,
    }
    return ChapterRun.model_validate(base | settings)


def records(collected: Outcome, seed: int = 0) -> list[EpochRecord]:
    return [record for record in collected.history[seed] if isinstance(record, EpochRecord)]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, data: Data) -> RunRecord:
    """The record of a run."""
    return written(tmp_path_factory.mktemp("masked") / "tiny", data, run(readout={"examples": 50}), "masked")


def test_hidden_patches_are_reconstructed_better_than_by_their_mean(data: Data) -> None:
    """Standardised pixels have variance 1, the loss of their mean; noise alone has 1/12 : (1/12 + 1/16)."""
    settings = {"optimiser": {"name": "adamw", "learning_rate": 0.01}, "batch_size": 20}
    history = records(outcome(data, run(epochs=12, seeds=1, record_every=4, **settings)))
    assert [record.epoch for record in history] == [0, 4, 8, 12]
    assert history[0].validation_loss > 1 > 0.75 > history[-1].validation_loss
    assert history[-1].train_loss == pytest.approx(history[-1].frozen_loss, rel=0.1)
    assert history[-1].validation_accuracy > 0.9
    assert all(math.isnan(record.train_accuracy) for record in history)


@pytest.mark.parametrize("settings", [{}, {"contrast": True, "augment": ("horizontal_flip",)}])
def test_side_by_side_gives_the_same_bytes(data: Data, settings: dict[str, Any]) -> None:
    one, two = (outcome(data, run(**settings), jobs) for jobs in (1, 2))
    assert repr(sorted(one.history.items())) == repr(sorted(two.history.items()))
    assert one.history[0] != one.history[1]
    for seed in (0, 1):
        first, second = (collected.trained[seed].weights for collected in (one, two))
        assert {key: w.tobytes() for key, w in first.items()} == {key: w.tobytes() for key, w in second.items()}


def test_labels_reach_the_head_alone(data: Data) -> None:
    """With the labels of every example exchanged, the weights of the encoder are the same to the byte."""
    others = replace(data, train=(data.train[0], 1 - data.train[1].roll(1)))
    one, two = (outcome(each, run(seeds=1)).trained[0].weights for each in (data, others))
    assert {key for key in one if not np.array_equal(one[key], two[key])} == {"vit.head.weight", "vit.head.bias"}


def test_the_predictor_has_the_recorded_accuracy(record: RunRecord, data: Data) -> None:
    assert record.status == "finished"
    assert record.metrics["flops"] > 0
    assert "timm" in record.metrics["versions"]
    for seed in (0, 1):
        last = record.seeds[str(seed)]
        assert (last["epoch"], last["train_accuracy"]) == (2, None)
        model = predictor(record, seed)
        for key, (x, y) in (("validation", data.validation), ("frozen", [part[:40] for part in data.train])):
            accuracy = (model(x).argmax(1) == y).double().mean().item()
            assert accuracy == pytest.approx(last[f"{key}_accuracy"], abs=1e-7)


def test_a_run_with_labels_can_start_from_it(record: RunRecord) -> None:
    start = {"name": "run", "chapter": "masked", "run": "tiny"}
    model = run(model=MODEL | {"start": start}).model.resolve_weights(lambda chapter, name: record.weights)
    learned = predictor(record, 1).network.state_dict()
    classes = len(learned["vit.head.bias"])
    for count in (classes, classes + 1):  # the head that was fitted to labels is not taken
        network = model.build((1, 8, 8), count, Generator().manual_seed(1))
        for key, weight in network.state_dict().items():
            assert torch.equal(weight, learned[key]) != key.startswith("vit.head.")


def test_pictures_of_the_first_seed_alone(data: Data) -> None:
    first, second = (trained for _, trained in sorted(outcome(data, run(epochs=1)).trained.items()))
    assert isinstance(first, Trained)
    assert isinstance(second, Trained)
    assert second.pictures is None
    assert first.pictures is not None
    assert first.pictures.shape == (4, 8, 1, 8, 8)
    assert np.isnan(first.pictures[1]).mean() == 0.75
    assert np.isfinite(first.pictures[[0, 2, 3]]).all()
    hidden, mean = np.isnan(first.pictures[1]), data.train[0].double().mean(0).expand(8, -1, -1, -1)
    guessed = mean.sub(data.train[0].double().mean()).div(data.train[0].double().std()).numpy()
    np.testing.assert_allclose(first.pictures[3][hidden], guessed[hidden], atol=2e-3)
    np.testing.assert_array_equal(first.pictures[3][~hidden], first.pictures[0][~hidden])


@pytest.mark.parametrize(
    ("settings", "side"),
    [
        ({"model": MODEL | {"patch_size": 3}}, 6),  # the strided convolution leaves the edge out
        ({"model": MODEL | {"img_size": 16, "patch_size": 4, "resize": 16}}, 16),
        ({"precision": "bfloat16"}, 8),
        ({"augment": ({"name": "crop", "size": 6},), "model": MODEL | {"img_size": 6}, "schedule": "cosine"}, 6),
    ],
)
def test_images_are_hidden_at_the_size_of_the_encoder(data: Data, settings: dict[str, Any], side: int) -> None:
    collected = outcome(data, run(seeds=1, epochs=1, **settings))
    ended = collected.trained[0]
    assert isinstance(ended, Trained)
    assert ended.pictures is not None
    assert ended.pictures.shape == (4, 8, 1, side, side)
    assert not any(record.diverged for record in records(collected))


def test_a_seed_that_diverges_ends_and_is_recorded_as_such(data: Data) -> None:
    collected = outcome(data, run(optimiser={"name": "sgd", "learning_rate": 1e30}, epochs=3, seeds=1))
    last = EpochRecord.last(records(collected))
    assert (last["status"], last["diverged_at"]) == ("diverged", 1)
    assert collected.trained[0].weights["vit.head.bias"].sum() == pytest.approx(1)  # of the readout before


def test_the_readout_is_sklearns_ridge_on_standardised_features() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(2, [1, 5, 0.1, 30], (50, 4)), rng.normal(size=(50, 3))
    for penalty in (1e-3, 1.0, 100.0):
        weight, bias = ridge(torch.from_numpy(x), torch.from_numpy(y), penalty)
        expected = make_pipeline(StandardScaler(), Ridge(penalty)).fit(x, y).predict(x)
        np.testing.assert_allclose((x @ weight.numpy()) + bias.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_a_constant_feature_gets_no_weight() -> None:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(30, 3)))
    x[:, 1] = 7.0
    weight, bias = ridge(x, torch.from_numpy(rng.normal(size=(30, 2))), 1.0)
    assert torch.isfinite(weight).all()
    assert weight[1].abs().max() < 1e-6
    assert torch.isfinite(bias).all()


def test_the_head_answers_as_the_ridge_regression_does() -> None:
    rng = np.random.default_rng(0)
    x, y = torch.from_numpy(rng.normal(size=(60, 5))).float(), torch.from_numpy(rng.integers(0, 3, 60))
    head = nn.Linear(5, 3)
    with torch.no_grad():
        fit_head(head, x, y, 1.0)
        expected = make_pipeline(StandardScaler(), Ridge(1.0)).fit(x.numpy(), np.eye(3)[y.numpy()]).predict(x.numpy())
        np.testing.assert_allclose(head(x).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mask": 1.0}, "mask"),
        ({"mask": 0.0}, "mask"),
        ({"schedule": {"name": "range_test"}}, "a schedule other than range_test"),
        ({"readout": {"examples": 1}}, "examples"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        run(**settings)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_mask_that_hides_everything_is_an_error_of_one_line(data: Data, jobs: int) -> None:
    with pytest.raises(ConfigError, match=r"^mask: found 0.99, which hides 16 of 16, allowed: a share[^\n]*$"):
        outcome(data, run(mask=0.99), jobs)
