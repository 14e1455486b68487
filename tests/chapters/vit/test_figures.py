"""Pictures of a transformer: which run they show, and that their numbers are right."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.results import ChapterResult
from rdfia.chapters.vit import figures
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Plot
from tests.report import patched
from tests.report.making import context, drawings, plots, shown, titles

FUNCTIONS: dict[str, Callable[[Context], Iterable[Plot]]] = {
    "attention": figures.attention_maps,
    "depth": figures.depth,
    "rollout": figures.rollout,
    "positions": figures.position_similarity,
    "patches": figures.patch_kernels,
}


@pytest.fixture(scope="module")
def chapter() -> ChapterResult:
    return patched.chapter()


@pytest.fixture(scope="module")
def given(chapter: ChapterResult, tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context(tmp_path_factory.mktemp("vit"), chapter, patched.probes(chapter))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_picture_names_its_run_twice(name: str, given: Context) -> None:
    (first,) = drawings(FUNCTIONS[name], given)
    assert name != "rollout" or drawings(FUNCTIONS[name], given) == [first]  # the same bytes
    assert first.name == f"vit_{name}"
    assert "e64_p4_b6" in first.caption
    assert "e64_p4_b6" in first.alt


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_was_not_taken_is_not_drawn(name: str, chapter: ChapterResult, tmp_path: Path) -> None:
    probes = {key: value for key, value in patched.probes(chapter).items() if not key.endswith(f"/{name}")}
    assert list(FUNCTIONS[name](context(tmp_path, chapter, probes))) == []


@pytest.mark.parametrize("name", ["attention", "depth"])
def test_each_panel_shows_its_numbers(name: str, given: Context) -> None:
    (plot,) = plots(FUNCTIONS[name], given)
    image, column = 2, 3
    numbers = [row[4] for row in plot.numbers.rows if row[:2] == (image, column)]
    across = len(plot.figure.axes) // figures.PICTURES
    panel = shown(plot, (image - 1) * across + column)
    assert numbers == pytest.approx(panel.ravel())
    assert panel.sum() == pytest.approx(1)


def test_the_rollout_shows_its_numbers(given: Context) -> None:
    (plot,) = plots(figures.rollout, given)
    numbers = [row[4] for row in plot.numbers.rows if row[:2] == ("small", 2)]
    assert numbers == pytest.approx(shown(plot, 2 * figures.PICTURES + 1).ravel())


def test_kernels_have_their_range_as_title(given: Context) -> None:
    (plot,) = plots(figures.patch_kernels, given)
    for title, run in zip(titles(plot), ("e64_p4_b6", "small"), strict=True):
        lows, highs = zip(*(row[2:] for row in plot.numbers.rows if row[0] == run), strict=True)
        assert title == f"{run}: {min(lows):+.2f} to {max(highs):+.2f}"


def test_the_run_with_the_most_patches_is_shown(chapter: ChapterResult, tmp_path: Path) -> None:
    coarse = next(run for run in chapter.runs if run.name == "e64_p14_b2")
    best = replace(coarse, validation={"0": 99.9, "1": 99.9})
    result = replace(chapter, runs=tuple(best if run is coarse else run for run in chapter.runs))
    assert result.best is best
    run = figures.finest(context(tmp_path, result, patched.probes(result)), "attention")
    assert run == result.runs[0]  # of 4 × 4 patches, where the best has 2 × 2


def test_uniform_attention_has_the_highest_entropy() -> None:
    assert figures.entropy(np.full((2, 3, 4), 1 / 12)) == pytest.approx(np.log(12))
    alone = np.zeros((1, 3, 4))
    alone[0, 1, 2] = 1
    assert figures.entropy(alone) == pytest.approx(0)


def test_attention_to_what_is_drawn_correlates_with_it() -> None:
    images = np.zeros((2, 1, 8, 8), dtype=np.uint8)
    images[:, :, ::2, :4] = 200
    left = np.tile([0.5, 0.0], (2, 2, 1))
    assert figures.contrast_correlation(images, left) == pytest.approx(1)
    assert figures.contrast_correlation(images, 0.5 - left) == pytest.approx(-1)
    assert figures.contrast_correlation(images, np.full((2, 2, 2), 0.25)) == 0


def test_each_position_has_its_map_at_its_place() -> None:
    cosines = np.arange(36, dtype=np.float64).reshape(6, 6)  # of 2 rows and 3 columns
    sheet = figures.nested(cosines, 2, 3)
    assert sheet.shape == (2 * 3 - 1, 3 * 4 - 1)
    assert sheet[3:5, 4:7].tolist() == cosines[4].reshape(2, 3).tolist()  # the second row, the second column
    assert np.isnan(sheet[2]).all()


def test_the_caption_has_the_cosine_of_neighbours(given: Context) -> None:
    (drawing,) = drawings(figures.position_similarity, given)
    assert f"neighbours have a mean cosine of {2 * np.exp(-0.5) - 1:+.2f}" in drawing.caption
