"""Heat maps of grids: what the cells show, and what the caption says of the rule of thumb."""

from dataclasses import replace
from pathlib import Path

from rdfia.report.figures.heatmap import grid
from tests.report import grids
from tests.report.making import context, drawings, plots


def test_the_cells_show_the_numbers(tmp_path: Path) -> None:
    result = grids.chapter()
    (plot,) = plots(grid, context(tmp_path, result))
    texts = [text.get_text().split("\n")[0] for text in plot.figure.axes[0].texts]
    assert texts == ["× 3 of 3" if mean is None else f"{mean:.1f}" for _, _, mean, _ in plot.numbers.rows]
    assert len(plot.numbers.rows) == len(result.runs)
    assert sorted(row[3] for row in plot.numbers.rows) == sorted(run.diverged for run in result.runs)


def test_the_caption_names_the_highest_and_counts_what_diverged(tmp_path: Path) -> None:
    result = grids.chapter()
    (plot,), (drawing,) = (make(grid, context(tmp_path, result)) for make in (plots, drawings))
    batch, rate, mean, _ = max((row for row in plot.numbers.rows if row[2] is not None), key=lambda row: row[2])
    assert drawing.name == "cnn_rate_and_batch_grid"
    end = f"{mean:.2f} % at learning rate {rate} and batch size {batch}."
    assert f"The highest is {end}" in drawing.caption
    assert drawing.alt == f"Heat map of 33 runs over learning rate and batch size; the highest is {end}"
    assert f"in {sum(run.diverged > 0 for run in result.runs)} of 33 runs" in drawing.caption


def test_one_rate_for_all_batches_has_no_correlation(tmp_path: Path) -> None:
    (drawing,) = drawings(grid, context(tmp_path, grids.chapter(power=0.0)))
    assert "it is one and the same" in drawing.caption


def test_a_grid_that_was_not_run_is_not_drawn(tmp_path: Path) -> None:
    result = grids.chapter()
    planned = tuple(replace(run, status="not run", config={}, test={}) for run in result.runs)
    assert drawings(grid, context(tmp_path, replace(result, runs=planned))) == []
