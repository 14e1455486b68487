"""Drawings of a transformer: which run they show, and that their numbers are right."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.results import ChapterResult
from rdfia.report import transformer
from rdfia.report.engine.drawing import Drawing, style
from tests.report import patched

DRAW: dict[str, Callable[[ChapterResult, patched.Arrays], list[Drawing]]] = {
    "attention": transformer.attention,
    "depth": transformer.depth,
    "rollout": transformer.rolled,
    "positions": transformer.positions,
    "patches": transformer.patches,
}


@pytest.fixture(scope="module")
def chapter() -> ChapterResult:
    return patched.chapter()


@pytest.mark.parametrize("name", DRAW)
def test_every_drawing_has_its_words(name: str, chapter: ChapterResult) -> None:
    probes = patched.probes(chapter)
    with style():
        (first,) = DRAW[name](chapter, probes)
        assert name != "rollout" or DRAW[name](chapter, probes) == [first]  # the same bytes
    assert first.name == f"vit_{name}"
    assert len(first.alt) >= 20
    assert first.caption.endswith(".")
    assert "e64_p4_b6" in first.caption


@pytest.mark.parametrize("name", DRAW)
def test_what_was_not_taken_is_not_drawn(name: str, chapter: ChapterResult) -> None:
    probes = {key: value for key, value in patched.probes(chapter).items() if not key.endswith(f"/{name}")}
    assert DRAW[name](chapter, probes) == []


def test_the_run_with_the_most_patches_is_shown(chapter: ChapterResult) -> None:
    coarse = next(run for run in chapter.runs if run.name == "e64_p14_b2")
    best = replace(coarse, validation={"0": 99.9, "1": 99.9})
    result = replace(chapter, runs=tuple(best if run is coarse else run for run in chapter.runs))
    assert result.best is best
    shown = transformer.finest(result, patched.probes(result), "attention")
    assert shown is result.runs[0]  # of 4 × 4 patches, where the best has 2 × 2


def test_looking_everywhere_alike_has_the_highest_entropy() -> None:
    assert transformer.entropy(np.full((2, 3, 4), 1 / 12)) == pytest.approx(np.log(12))
    alone = np.zeros((1, 3, 4))
    alone[0, 1, 2] = 1
    assert transformer.entropy(alone) == pytest.approx(0)


def test_attention_to_what_is_drawn_correlates_with_it() -> None:
    images = np.zeros((2, 1, 8, 8), dtype=np.uint8)
    images[:, :, ::2, :4] = 200
    left = np.tile([0.5, 0.0], (2, 2, 1))
    assert transformer.ink(images, left) == pytest.approx(1)
    assert transformer.ink(images, 0.5 - left) == pytest.approx(-1)
    assert transformer.ink(images, np.full((2, 2, 2), 0.25)) == 0


def test_each_position_has_its_map_at_its_place() -> None:
    alike = np.arange(36, dtype=np.float64).reshape(6, 6)  # of 2 rows and 3 columns
    sheet = transformer._nested(alike, 2, 3)
    assert sheet.shape == (2 * 3 - 1, 3 * 4 - 1)
    assert sheet[3:5, 4:7].tolist() == alike[4].reshape(2, 3).tolist()  # the second row, the second column
    assert np.isnan(sheet[2]).all()


def test_positions_that_fade_with_distance_are_said_to(chapter: ChapterResult) -> None:
    with style():
        (drawing,) = transformer.positions(chapter, patched.probes(chapter))
    cosine = 2 * np.exp(-0.5) - 1
    assert f"neighbours have a mean cosine of {cosine:+.2f}" in drawing.caption
