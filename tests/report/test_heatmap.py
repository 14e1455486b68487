"""Heat maps of grids: which groups are one, what the cells hold, and what the caption says of the rule of thumb."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.groups import groups
from rdfia.analyse.results import DIVERGED, FINISHED, Card, ChapterResult, RunResult
from rdfia.report import heatmap
from rdfia.report.engine.drawing import Drawing, style

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCHES = (8, 32, 128, 512, "all")
CARD = Card("objects", counts={"train": 4000})
KEYS = ("optimiser.learning_rate", "batch_size")


def made(rate: float, batch: int | str, power: float) -> RunResult:
    """A run whose accuracy falls with the distance from the rate 0.05 · (batch / 32)^power, on a logarithmic scale."""
    size = 4000 if batch == "all" else int(batch)
    away = math.log10(rate / 0.05) - power * math.log10(size / 32)
    rng = np.random.default_rng([int(1000 * rate), size])
    lost = 3 if away > 1.7 else 1 if away > 1.4 else 0
    seeds = {str(seed): 90 - 6 * away**2 + float(rng.normal(0, 0.2)) for seed in range(3 - lost)}
    name = f"rate_{rate}_batch_{batch}"
    config = {"optimiser": {"learning_rate": rate}, "batch_size": batch}
    run = RunResult("cnn", name, name, "baseline", "", CARD, group="rate and batch", delta=KEYS, config=config)
    status = DIVERGED if lost else FINISHED
    return replace(run, status=status, diverged=lost, declared=3, test=seeds, validation=seeds)


def chapter(power: float = 0.6) -> ChapterResult:
    """A grid with a reference of its own cell, runs that write one setting alone, and cells that were left out."""
    runs = {(rate, batch): made(rate, batch, power) for rate in RATES for batch in BATCHES}
    del runs[0.003, "all"], runs[3.0, 8]
    runs[0.1, 32] = replace(runs[0.1, 32], name="baseline", group="", delta=())
    runs[0.1, 128] = replace(runs[0.1, 128], delta=("batch_size",))
    runs[0.3, 32] = replace(runs[0.3, 32], delta=("optimiser.learning_rate",))
    return ChapterResult("cnn", "objects", (runs.pop((0.1, 32)), *runs.values()))


def drawn(result: ChapterResult) -> Drawing:
    with style():
        (drawing,) = heatmap.draw(result)
    return drawing


def test_every_run_has_its_cell_and_values_rise() -> None:
    result = chapter()
    over = heatmap.grid(groups(result)[1])
    assert over is not None
    assert (over.columns, over.rows) == (RATES, BATCHES)
    assert over.runs[1, 3].name == "baseline"
    for (row, column), run in over.runs.items():
        assert run.config["batch_size"] == BATCHES[row]
        assert run.config["optimiser"]["learning_rate"] == RATES[column]
    assert len(over.runs) == len(result.runs) == len(RATES) * len(BATCHES) - 2


def test_the_figure_counts_the_seeds_that_diverged() -> None:
    result = chapter()
    drawing = drawn(result)
    svg = drawing.svg.decode()
    lost = [run for run in result.runs if run.diverged]
    assert drawing.name == "cnn_rate_and_batch_grid"
    assert {run.diverged for run in lost} == {1, 3}
    assert all(svg.count(f"× {n} of 3") == sum(run.diverged == n for run in lost) for n in (1, 3))
    assert f"in {len(lost)} of {len(result.runs)} runs" in drawing.caption


def test_equal_cells_say_the_power_of_the_rule() -> None:
    """Where rates and batches go up in the same steps, the power found is the one that was put in."""
    steps = (0.0125, 0.05, 0.2, 0.8, 3.2)
    batches = (8, 32, 128, 512)
    runs = tuple(replace(made(rate, batch, 1.0), diverged=0, status=FINISHED) for rate in steps for batch in batches)
    result = ChapterResult("cnn", "objects", tuple(run for run in runs if run.test))
    assert "to the power 1.00, with correlation 1.00" in drawn(result).caption


def test_one_rate_for_all_batches_has_no_correlation() -> None:
    assert "it is one and the same" in drawn(chapter(power=0.0)).caption


def test_the_best_rate_is_chosen_by_validation() -> None:
    result = chapter()
    wrong = next(run for run in result.runs if run.name == "rate_0.003_batch_8")
    lucky = replace(wrong, test={"0": 99.0, "1": 99.0}, validation=wrong.validation)
    over = heatmap.grid(groups(replace(result, runs=tuple(lucky if r is wrong else r for r in result.runs)))[1])
    assert over is not None
    assert max(over.means, key=lambda place: over.means[place]) == (0, 0)
    assert over.best[0] != (0, 0)


@pytest.mark.parametrize("delta", [(), ("batch_size",), ("epochs", "batch_size", "optimiser.learning_rate")])
def test_groups_of_another_shape_are_not_drawn(delta: tuple[str, ...]) -> None:
    result = chapter()
    other = replace(result, runs=tuple(replace(run, delta=delta) for run in result.runs))
    assert heatmap.draw(other) == []


def test_a_sparse_grid_and_one_that_was_not_run_are_not_drawn() -> None:
    result = chapter()
    assert heatmap.draw(replace(result, runs=result.runs[::7])) == []
    planned = tuple(replace(run, status="not run", config={}, test={}) for run in result.runs)
    assert heatmap.draw(replace(result, runs=planned)) == []


def test_the_same_grid_gives_the_same_bytes() -> None:
    first, second = drawn(chapter()), drawn(chapter())
    assert first == second
    assert len(first.alt) >= 20
