"""The questions that can be asked, and the errors for settings that cannot be used."""

import json
from typing import Any

import pytest
import torch

from rdfia import theory
from rdfia.config import ConfigError
from rdfia.data.store import Split

SMALL: dict[str, dict[str, Any]] = {
    "implementations": {"epochs": 2},
    "gradients": {"shapes": 3},
    "losses": {"points": 9, "steps": 5},
    "backprop": {"depths": [1, 2, 4], "width": 2},
    "descent": {"training": {"epochs": 2}, "points": 9, "epochs": 1, "steps": 4},
    "convolution": {"heights": [7], "widths": [9]},
    "single_steps": {"steps": 100},
    "selection": {"times": 3},
    "calibration": {"steps": [2], "fresh": 10},
    "likelihood": {"examples": 9},
    "approximation": {"widths": [2], "points": 11},
    "graphs": {"draws": 2},
    "batches": {"examples": 100},
    "batch_norm": {"images": 2, "batches": [1]},
    "pooling": {"pictures": 2, "filters": 2},
    "dropout": {"draws": 100, "passes": [1, 10]},
    "attention": {"tokens": [16, 32, 48, 64], "repeats": 0},
    "one_patch": {"images": 1},
    "robust_scaling": {"images": 10},
    "split_statistics": {"train": 10, "images": [10]},
}


def test_the_small_settings_ask_every_question() -> None:
    assert set(SMALL) == set(theory.QUESTIONS)


@pytest.mark.parametrize("name", SMALL)
def test_answers_are_plain_and_the_same_each_time(name: str, circles: Split) -> None:
    question = theory.resolve({"theory": SMALL})[name]
    one, two = question.answer(circles), question.answer(circles)
    assert json.dumps(one.facts, allow_nan=False) == json.dumps(two.facts)
    assert one.arrays.keys() == two.arrays.keys()
    assert all(torch.equal(one.arrays[key], two.arrays[key]) for key in one.arrays)


def test_a_question_without_settings_has_its_defaults() -> None:
    asked = theory.resolve({"theory": {"losses": None, "backprop": {}}})
    assert asked == {"losses": theory.QUESTIONS["losses"](), "backprop": theory.QUESTIONS["backprop"]()}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"gradient": {}},
            "theory.gradient: unknown question; allowed: implementations, gradients, losses, backprop, descent",
        ),
        ({"losses": {"points": 2}}, "theory.losses.points: found 2, allowed: greater than or equal to 3"),
        ({"losses": {"start": 0.7}}, "theory.losses.start: found 0.7, allowed: less than 0.5"),
        (
            {"backprop": {"depth": 3}},
            "theory.backprop.depth: unknown key (did you mean depths or width?); allowed: name, depths, width, seed",
        ),
        ({"backprop": {"depths": [4, 2, 8]}}, "theory.backprop.depths: found [4, 2, 8], allowed: depths that rise"),
        ({"descent": {"training": {"hidden": 1}}}, "theory.descent.training.hidden: found 1, allowed: greater"),
        ({"descent": {"low": 9.0}}, "low below high"),
        ({"gradients": 5}, "theory.gradients: found 5"),
    ],
)
def test_bad_settings_end_in_one_line_that_names_the_key(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        theory.resolve({"theory": settings})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
