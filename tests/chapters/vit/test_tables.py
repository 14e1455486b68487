"""Shuffled patches and ranks in tables."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.metrics import Estimate
from rdfia.analyse.published import read
from rdfia.analyse.results import Card, ChapterResult
from rdfia.chapters.vit.tables import loss, permutation, ranking
from rdfia.report.engine.table import Table
from tests.report import patched
from tests.report.making import context, tables

STAND_IN = Card("mnist", label="digits", stands_for=None, shape=patched.SHAPE)


@pytest.fixture
def chapter() -> ChapterResult:
    return patched.chapter()


def shuffled(root: Path, chapter: ChapterResult, probes: patched.Arrays | None = None) -> Table:
    (table,) = tables(permutation, context(root, chapter, probes or patched.probes(chapter)))
    return table


def test_the_difference_is_taken_seed_by_seed(tmp_path: Path, chapter: ChapterResult) -> None:
    table = shuffled(tmp_path, chapter)
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["small", "e64_p4_b6", "no_positions", "mean_pool", "no_residual"]
    kept, lost = rows["no_positions"][-1], rows["small"][-1]
    assert isinstance(kept, Estimate)
    assert isinstance(lost, Estimate)
    assert (kept.mean, kept.low, kept.seeds) == (0, None, 4)  # alike in every seed
    assert lost.mean == pytest.approx(-0.6 * np.mean(list(chapter.runs[0].validation.values())), abs=1e-3)
    assert lost.low is not None
    assert lost.high is not None
    assert lost.high - lost.low < 1  # as the seeds fall together
    assert "29 runs with positions by " in table.caption
    assert " and 1 run without positions by +0.00 points. " in table.caption
    assert table.caption.endswith("would give 10.0 %.")


def test_the_caption_has_losses_by_the_size_of_patches(tmp_path: Path, chapter: ChapterResult) -> None:
    probes = patched.probes(chapter)
    for name, kept in (("e16_p14_b2", 0.99), ("e64_p14_b6", 0.98)):
        run = chapter.run(name)
        assert run is not None
        probes[f"{name}/shuffled"] = kept * np.asarray(list(run.validation.values())) / 100
    runs = tuple(run for run in chapter.runs if run.name in ("small", "e16_p14_b2", "e64_p14_b6", "no_positions"))
    table = shuffled(tmp_path, replace(chapter, runs=runs), probes)
    lost = {run.name: f"{loss(run, probes).mean:+.2f}" for run in runs}
    seven, fourteen = lost["small"], f"{lost['e64_p14_b6']} to {lost['e16_p14_b2']}"
    assert f"Those with patches of 7 pixels by {seven} points and 14 pixels by {fourteen} points: " in table.caption
    assert "Those with patches" not in shuffled(tmp_path, replace(chapter, runs=runs[:1]), probes).caption


def test_windows_know_places_without_positions(tmp_path: Path, chapter: ChapterResult) -> None:
    model = chapter.runs[-3].config["model"] | {"attention": {"name": "windowed", "size": 2}}
    assert chapter.runs[-3].name == "no_positions"
    window = replace(chapter.runs[-3], config={"model": model})
    probes = patched.probes(chapter)
    other = replace(chapter, runs=(*chapter.runs[:-3], window))
    assert "whose order says nothing" not in shuffled(tmp_path, other, probes).caption
    assert "whose order says nothing" in shuffled(tmp_path, chapter, probes).caption


def test_no_files_no_table_and_a_missing_seed_no_row(tmp_path: Path, chapter: ChapterResult) -> None:
    assert tables(permutation, context(tmp_path / "none", chapter)) == []
    probes = patched.probes(chapter)
    probes["small/shuffled"] = probes["small/shuffled"][:2]
    assert "small" not in [row[0] for row in shuffled(tmp_path / "one", chapter, probes).rows]


@pytest.mark.parametrize("card", [patched.CARD, STAND_IN])
def test_the_ranking_lays_published_figures_beside(tmp_path: Path, card: Card) -> None:
    figures = [replace(figure, run="vit/small") for figure in read() if figure.settings == "embed=32 patch=7 blocks=2"]
    (table,) = tables(ranking, context(tmp_path, patched.chapter(card), printed=figures))
    assert table.name == "vit_ranking"
    row = next(row for row in table.rows if row[1] == "small")
    assert (table.columns[-1].name, row[-1]) == ("R2023a", "85.13; 90.91; 96.22")
    assert row[2:6] == (32, 7, 2, 17)
    assert ("not judged" not in table.caption) == (card is patched.CARD)
    assert len(table.rows) == 27


def test_a_chapter_without_a_grid_is_not_ranked(tmp_path: Path, chapter: ChapterResult) -> None:
    runs = tuple(replace(run, group="") for run in chapter.runs)
    assert tables(ranking, context(tmp_path, replace(chapter, runs=runs))) == []
