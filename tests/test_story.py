"""What the quick profile teaches, on three draws of its images with other seeds each: the right way, and resolved.

Accuracies are in points, of test images, on which no choice is made. Differences are taken seed by seed over all
draws, so that a draw that is harder moves both runs alike.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from rdfia import config
from rdfia.analyse.metrics import Estimate, interval, mean
from rdfia.config import section
from rdfia.data.normalise import fit_all
from rdfia.data.sources import resolve_dataset
from rdfia.parallel import map_forked
from rdfia.study import runs
from rdfia.train.epochs import EpochRecord
from rdfia.train.run import Data
from tests.processes import slow

pytestmark = slow
DRAWS, CHANCE, OVERFITS = range(3), 10, 10
GRID = [f"b{size}_lr{rate}" for size in (8, 32) for rate in ("001", "005", "01")]
WRONG = ["pca", "zca_tiny", "zca_image", "zca_clip"]
CNN = ["baseline", "standardise", "zca", "crop_flip", "batch_norm", "dropout_05", *WRONG, *GRID]
VIT = ["small", "no_positions", "mean_pool", "bag", "e32_p14_b2", "no_residual"]


@dataclass(frozen=True)
class Trained:
    """The accuracies of each run's seeds at the end, draw after draw, on train images and on test images."""

    train: Mapping[str, list[float]]
    test: Mapping[str, list[float]]

    def effect(self, run: str, reference: str) -> Estimate:
        return _less(self.test[run], self.test[reference])

    def gap(self, run: str) -> list[float]:
        """Train minus test accuracy of each seed."""
        return [a - b for a, b in zip(self.train[run], self.test[run], strict=True)]


def _less(values: list[float], others: list[float]) -> Estimate:
    return interval([a - b for a, b in zip(values, others, strict=True)])


def _last_record(params: Mapping[str, Any], chapter: str, name: str, data: Data, seed: int) -> EpochRecord:
    """Train one seed of a run on one core, and return its last record."""
    torch.set_num_threads(1)
    run = runs.resolve(params, chapter, name).model_copy(update={"record_every": 1000})
    *_, last = (report for _, report in run.program(data).train((seed,), None) if isinstance(report, EpochRecord))
    return last


def _train(chapter: str, names: list[str]) -> Trained:
    """Train runs of the quick profile on every draw of the data, with other seeds on each."""
    params = config.load() | {"profile": "quick"}
    name = section(params, chapter)["dataset"]
    dataset = resolve_dataset(params, name)
    seeds = runs.resolve(params, chapter, names[0]).seeds
    records = []
    for draw in DRAWS:
        drawn = {"seed": draw} if "seed" in type(dataset.source).model_fields else {}
        drawing = dataset.model_copy(update={"source": dataset.source.model_copy(update=drawn), "seed": draw})
        splits, card = drawing.prepare(name, Path("nowhere"))
        train, test = splits["train"], splits["test"]
        data = Data(card, fit_all(train.x), (train.x, train.y), (test.x, test.y))
        tasks = [
            partial(_last_record, params, chapter, run, data, 100 * draw + s) for run in names for s in range(seeds)
        ]
        records.append(map_forked(tasks))
    of = {run: [r for draw in records for r in draw[i * seeds : (i + 1) * seeds]] for i, run in enumerate(names)}
    return Trained(
        {run: [100 * record.frozen_accuracy for record in row] for run, row in of.items()},
        {run: [100 * record.validation_accuracy for record in row] for run, row in of.items()},
    )


@pytest.fixture(scope="module")
def cnn() -> Trained:
    return _train("cnn", CNN)


@pytest.fixture(scope="module")
def vit() -> Trained:
    return _train("vit", VIT)


def _lies(estimate: Estimate, above: float = -math.inf, below: float = math.inf) -> bool:
    """Whether the whole interval does."""
    low, high = estimate.low, estimate.high
    return low is not None and high is not None and above < low and high < below


def test_the_plain_network_overfits(cnn: Trained) -> None:
    assert _lies(interval(cnn.gap("baseline")), above=OVERFITS)


@pytest.mark.parametrize(
    ("run", "reference"),
    [("standardise", "baseline"), ("crop_flip", "standardise"), ("batch_norm", "standardise")],
)
def test_what_the_course_adds_helps(cnn: Trained, run: str, reference: str) -> None:
    assert _lies(cnn.effect(run, reference), above=0)


def test_right_whitening_is_about_as_good_as_standardised_images(cnn: Trained) -> None:
    assert _lies(cnn.effect("zca", "standardise"), above=-5)


@pytest.mark.parametrize("run", WRONG)
def test_wrong_whitening_is_not(cnn: Trained, run: str) -> None:
    assert _lies(cnn.effect(run, "zca"), below=0)


def test_dropout_lessens_the_gap(cnn: Trained) -> None:
    assert _lies(_less(cnn.gap("dropout_05"), cnn.gap("standardise")), below=0)


def test_what_counts_is_the_rate_divided_by_the_batch(cnn: Trained) -> None:
    for rate in ("001", "005"):  # a batch four times as small gets further with the same rate
        assert _lies(cnn.effect(f"b8_lr{rate}", f"b32_lr{rate}"), above=0)
    assert _lies(cnn.effect("b8_lr001", "b32_lr005"), above=-10, below=10)
    assert sum(mean(cnn.test[run]) > CHANCE + 5 for run in GRID) > len(GRID) / 2


@pytest.mark.parametrize("run", ["no_positions", "bag", "no_residual"])
def test_a_transformer_needs_its_parts(vit: Trained, run: str) -> None:
    assert _lies(vit.effect(run, "small"), below=0)


def test_the_size_of_a_patch_matters(vit: Trained) -> None:
    assert _lies(vit.effect("e32_p14_b2", "small"), above=0)
