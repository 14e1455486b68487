"""The pixels that a vision transformer depends on where the image is no multiple of its patch."""

from typing import Any

import pytest
import torch

from rdfia.data.store import Split
from rdfia.theory.one_patch import CORNER, SIDE, OnePatch, corner, visible_pixels


@pytest.fixture(scope="module")
def facts(circles: Split) -> dict[str, Any]:
    return OnePatch().answer(circles).facts


def test_the_unchanged_network_refuses_a_digit_with_timms_error(facts: dict[str, Any]) -> None:
    assert facts["error"] == "AssertionError: Input height (28) doesn't match model (224)."


def test_one_patch_depends_on_the_corner_and_nothing_else(facts: dict[str, Any]) -> None:
    wrong = facts["ways"][0]
    assert (wrong["patches"], wrong["seen"], wrong["outside"]) == (1, CORNER**2, 0.0)
    assert wrong["inside"] > 1e-5


@pytest.mark.parametrize(("index", "patches"), [(1, 16), (2, 49), (3, 196)])
def test_the_right_ways_depend_on_every_pixel(facts: dict[str, Any], index: int, patches: int) -> None:
    way = facts["ways"][index]
    assert (way["patches"], way["seen"]) == (patches, SIDE**2)
    assert min(way["outside"], way["inside"]) > 1e-5


def test_the_corner_is_what_a_strided_convolution_reads() -> None:
    convolution = torch.nn.Conv2d(1, 2, CORNER, CORNER)
    flat = torch.nn.Sequential(convolution, torch.nn.Flatten())
    assert visible_pixels(flat, torch.rand(2, 1, SIDE, SIDE)) == int(corner().sum()) == CORNER**2


def test_the_answer_repeats_itself(circles: Split, facts: dict[str, Any]) -> None:
    assert OnePatch().answer(circles).facts == facts
    assert OnePatch(seed=1).answer(circles).facts["ways"][1]["inside"] != facts["ways"][1]["inside"]
