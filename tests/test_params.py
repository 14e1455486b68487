"""Completeness: every declared run of every profile validates, has the asserted number of weights and takes a step."""

import math
from typing import Any

import pytest
import torch
from torch import Generator

from rdfia import chapters, config
from rdfia.data.normalise import fit_all
from rdfia.data.sources import declared
from rdfia.models.layers import count_parameters
from rdfia.train.classifier import network
from rdfia.train.run import Data, train_run

PARAMS = config.load()
PROFILES = list(PARAMS["profiles"])
RUNS = [(chapter, run) for chapter in chapters.CHAPTERS for run in chapters.runs(PARAMS, chapter)]
SHAPES = {"circles": (2,), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
CLASSES = {"circles": 2, "mnist": 10, "cifar10": 10}

# By the formulas: convolution k²·c·n + n, dense m·n + n, batch or layer norm 2n, a token or position n.
WEIGHTS = {
    "mlp/autograd": 52,
    "cnn/baseline": 1_191_170,
    "cnn/standardise": 1_191_170,
    "cnn/zca": 1_191_170,
    "cnn/crop_flip": 743_170,  # 28 → 14 → 7 → 3: fc reads 576 values, not 1,024
    "cnn/batch_norm": 1_191_490,
    "vit/small": 27_978,
    "vit/large": 113_738,
}


def card(dataset: str) -> dict[str, Any]:
    """A card of the shape that the real data have."""
    shape = SHAPES[dataset]
    kind = "images" if len(shape) == 3 else "points"
    return {"name": dataset, "kind": kind, "shape": list(shape), "classes": [str(c) for c in range(CLASSES[dataset])]}


def test_every_declared_run_has_an_asserted_number_of_weights() -> None:
    assert {f"{chapter}/{run}" for chapter, run in RUNS} == set(WEIGHTS)


@pytest.mark.parametrize(("chapter", "run"), RUNS)
def test_the_number_of_weights_at_the_published_scale(chapter: str, run: str) -> None:
    resolved = chapters.resolve({**PARAMS, "profile": "paper"}, chapter, run)
    built = network(resolved, card(chapters.dataset(PARAMS, chapter)), Generator())
    assert count_parameters(built) == WEIGHTS[f"{chapter}/{run}"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("chapter", "run"), RUNS)
def test_every_run_takes_a_step_in_every_profile(chapter: str, run: str, profile: str) -> None:
    resolved = chapters.resolve({**PARAMS, "profile": profile}, chapter, run)
    described = card(chapters.dataset(PARAMS, chapter))
    generator = Generator().manual_seed(0)
    x = torch.rand(16, *described["shape"], generator=generator)
    x = x if described["kind"] == "points" else (x * 255).to(torch.uint8)
    split = (x, torch.arange(16) % len(described["classes"]))
    data = Data(described, fit_all(x), split, split)
    short = resolved.model_copy(update={"epochs": 1, "seeds": 1, "precision": "float32"})
    reports = [report for _, report in train_run(short, data, 1)]
    assert reports[1].step >= 1
    assert math.isfinite(reports[1].train_loss)
    assert reports[1].frozen_loss != reports[0].frozen_loss


@pytest.mark.parametrize("profile", PROFILES)
def test_every_data_set_validates_in_every_profile(profile: str) -> None:
    params = {**PARAMS, "profile": profile}
    for name in PARAMS["data"]:
        assert declared(params, name).validation > 0


def test_the_quick_profile_downloads_nothing_and_the_others_use_the_real_data() -> None:
    for profile in PROFILES:
        params = {**PARAMS, "profile": profile}
        stands_for = {name: declared(params, name).source.stands_for for name in PARAMS["data"]}
        real = {"circles": "circles", "mnist": "mnist", "cifar10": "cifar10"}
        assert stands_for == ({**real, "mnist": None, "cifar10": None} if profile == "quick" else real)


def test_the_published_scale_is_declared() -> None:
    baseline = chapters.resolve({**PARAMS, "profile": "paper"}, "cnn", "baseline")
    assert (baseline.epochs, baseline.seeds, baseline.batch_size) == (100, 5, 256)
    assert baseline.optimiser.learning_rate == 0.1
