"""Ranks that the seeds allow, and the drawings of the grid."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.metrics import HURTS, difference, resolve, shared
from rdfia.analyse.published import Published, read
from rdfia.analyse.results import Card, ChapterResult
from rdfia.report import ranking, sizes
from rdfia.report.engine.drawing import style
from tests.report import patched

STAND_IN = Card("mnist", label="digits", stands_for=None, shape=patched.SHAPE)


def of_levels(*levels: float, noise: float = 0.1) -> ChapterResult:
    """Runs of a grid whose means are these, each with the same scatter."""
    own = np.asarray([-1.0, 1.0, -0.5, 0.5]) * noise
    runs = patched.chapter().runs[: len(levels)]
    seeds = [{str(i): float(level + apart) for i, apart in enumerate(own)} for level in levels]
    made = [replace(run, test=tests, group="grid") for run, tests in zip(runs, seeds, strict=True)]
    return ChapterResult("vit", "mnist", tuple(made))


def test_every_cell_is_ranked_with_its_sizes() -> None:
    cells = ranking.grid(patched.chapter())
    assert [(cell.embed, cell.patch, cell.blocks) for cell in cells] == sorted(patched.SIZES)
    assert {(cell.patch, cell.tokens) for cell in cells} == {(4, 50), (7, 17), (14, 5)}


def test_runs_far_apart_have_one_rank_each_and_runs_alike_share_it() -> None:
    far = ranking.ranks(ranking.grid(of_levels(90, 95, 99)))
    assert [(rank.rank, rank.shared, rank.low, rank.high) for rank in far] == [
        (1, False, 1, 1), (2, False, 2, 2), (3, False, 3, 3)
    ]  # fmt: skip
    near = ranking.ranks(ranking.grid(of_levels(99, 98.99, 98.98, 90)))
    assert [(rank.rank, rank.shared, rank.low, rank.high) for rank in near] == [
        (1, True, 1, 3), (1, True, 1, 3), (1, True, 1, 3), (4, False, 4, 4)
    ]  # fmt: skip


def test_ranks_hold_to_their_definition() -> None:
    found = ranking.ranks(ranking.grid(patched.chapter()))
    level = shared(len(found) - 1)
    means = [rank.cell.accuracy.mean for rank in found]
    assert means == sorted(means, reverse=True)
    for rank in found:
        own = list(rank.cell.run.test.values())
        above = [resolve(difference(own, list(o.cell.run.test.values()), level)) == HURTS for o in found]
        assert rank.low == 1 + sum(above)
        assert rank.low <= found.index(rank) + 1 <= rank.high
        assert found[rank.rank - 1].rank == rank.rank


def test_the_range_covers_the_true_rank() -> None:
    """With 200 draws of five runs that are equal, a run has a range without its rank in at most 5 %, but for chance."""
    rng, missed = np.random.default_rng(0), 0
    for _ in range(200):
        result = of_levels(*[90.0] * 5)
        drawn = [
            replace(run, test={str(i): float(v) for i, v in enumerate(rng.normal(90, 1, 5))}) for run in result.runs
        ]
        found = {r.cell.run.name: r for r in ranking.ranks(ranking.grid(replace(result, runs=tuple(drawn))))}
        first = found[result.runs[0].name]
        missed += (first.low, first.high) != (1, 5)  # all ranks are true of equal runs
    assert missed <= 14


def test_the_table_lays_published_figures_beside(tmp_path: Path) -> None:
    figures = [replace(figure, run="vit/small") for figure in read() if figure.settings == "embed=32 patch=7 blocks=2"]
    for card, judged in ((patched.CARD, True), (STAND_IN, False)):
        study = patched.study(tmp_path, card)
        chapter = study.chapters[0]
        table = ranking.ranking(study, chapter, ranking.grid(chapter), figures)
        assert table.name == "vit_ranking"
        row = next(row for row in table.rows if row[1] == "small")
        assert (table.columns[-1].name, row[-1]) == ("R2023a", "85.13; 90.91; 96.22")
        assert row[2:6] == (32, 7, 2, 17)
        assert ("not judged" not in table.caption) == judged
        assert len(table.rows) == 27


def test_a_chapter_without_a_grid_has_nothing(tmp_path: Path) -> None:
    study = patched.study(tmp_path)
    other = replace(study.chapters[0], runs=tuple(replace(run, group="") for run in study.chapters[0].runs))
    assert ranking.tables(replace(study, chapters=(other,))) == []
    assert sizes.by_blocks(study, other, ()) == sizes.tokens(other) == []


def test_the_grid_is_drawn_with_published_marks_on_published_data_alone(tmp_path: Path) -> None:
    figures: list[Published] = [replace(figure, run="vit/small") for figure in read() if figure.part == "vit"][:3]
    for card in (patched.CARD, STAND_IN):
        study = patched.study(tmp_path, card)
        with style():
            (grid,), (tokens,) = sizes.by_blocks(study, study.chapters[0], figures), sizes.tokens(study.chapters[0])
        assert (grid.name, tokens.name) == ("vit_grid3", "vit_tokens")
        assert ("Hollow diamonds" in grid.caption) == (card is patched.CARD)
        assert min(len(grid.alt), len(tokens.alt)) >= 20
        means = [c.accuracy.mean for c in ranking.grid(study.chapters[0]) if c.patch == 14]
        assert f"to {np.mean(means):.1f} % with patch 4 to 14" in grid.caption
        assert f"{np.mean(means):.1f} % with 5 tokens" in tokens.caption


@pytest.mark.parametrize("missing", ["flops", "shape"])
def test_what_is_not_known_is_left_out(missing: str) -> None:
    chapter = patched.chapter(Card("mnist") if missing == "shape" else patched.CARD)
    runs = tuple(replace(run, flops=None) for run in chapter.runs)
    with style():
        drawn = sizes.tokens(replace(chapter, runs=runs))
    assert len(drawn) == (missing == "flops")
    assert all("FLOPs an image" not in drawing.caption for drawing in drawn)


def test_a_grid_with_holes_compares_only_what_has_both_ends(tmp_path: Path) -> None:
    """The means over all of embed 16 and of embed 64 would compare shallow networks with deep ones."""
    kept = ("small", "e16_p7_b2", "e32_p7_b6", "e64_p7_b2", "e64_p7_b4", "e64_p7_b6", "e64_p14_b6")
    study = patched.study(tmp_path)
    chapter = replace(study.chapters[0], runs=tuple(run for run in study.chapters[0].runs if run.name in kept))
    cells = ranking.grid(chapter)
    assert [cell.run.name for cell in sizes.matched(cells, "embed")] == ["e16_p7_b2", "small", "e64_p7_b2"]
    shallow = {cell.embed: cell.accuracy.mean for cell in sizes.matched(cells, "embed")}
    with style():
        (grid,), (tokens,) = sizes.by_blocks(study, chapter, ()), sizes.tokens(chapter)
    assert f"from {shallow[16]:.1f} to {shallow[64]:.1f} % with embed 16 to 64" in grid.caption
    both = {cell.patch: cell.accuracy.mean for cell in sizes.matched(cells, "patch")}
    assert set(both) == {7, 14}
    assert f"from {both[7]:.1f} to {both[14]:.1f} % with patch 7 to 14" in grid.caption
    assert f"{both[14]:.1f} % with 5 tokens" in tokens.caption
    assert f"{both[7]:.1f} % with 17 tokens" in tokens.caption
    lone = replace(chapter, runs=tuple(run for run in chapter.runs if run.name in ("small", "e16_p7_b2", "e64_p7_b4")))
    with style():
        (grid,) = sizes.by_blocks(study, lone, ())
    assert "with blocks" not in grid.caption  # the two depths share no width
