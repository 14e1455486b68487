"""Grids: which groups are one, what their cells hold, and how the best rate goes with the batch size."""

from dataclasses import replace

import pytest

from rdfia.analyse.grid import grid, rate_rule
from rdfia.analyse.groups import groups
from rdfia.analyse.results import FINISHED, ChapterResult
from tests.report import grids


def test_every_run_has_its_cell_and_values_rise() -> None:
    result = grids.chapter()
    found = grid(groups(result)[1])
    assert found is not None
    assert (found.columns, found.rows) == (grids.RATES, grids.BATCHES)
    assert found.runs[1, 3].name == "baseline"
    for (row, column), run in found.runs.items():
        assert run.config["batch_size"] == grids.BATCHES[row]
        assert run.config["optimiser"]["learning_rate"] == grids.RATES[column]
    assert len(found.runs) == len(result.runs) == len(grids.RATES) * len(grids.BATCHES) - 2


def test_the_best_rate_is_chosen_by_validation() -> None:
    result = grids.chapter()
    wrong = next(run for run in result.runs if run.name == "rate_0.003_batch_8")
    lucky = replace(wrong, test={"0": 99.0, "1": 99.0}, validation=wrong.validation)
    found = grid(groups(replace(result, runs=tuple(lucky if r is wrong else r for r in result.runs)))[1])
    assert found is not None
    assert max(found.means, key=lambda place: found.means[place]) == (0, 0)
    assert found.best[0] != (0, 0)


@pytest.mark.parametrize("delta", [(), ("batch_size",), ("epochs", "batch_size", "optimiser.learning_rate")])
def test_groups_of_another_shape_are_no_grid(delta: tuple[str, ...]) -> None:
    result = grids.chapter()
    other = replace(result, runs=tuple(replace(run, delta=delta) for run in result.runs))
    assert [grid(group) for group in groups(other)] == [None, None]


def test_a_sparse_grid_is_none() -> None:
    result = grids.chapter()
    assert [grid(group) for group in groups(replace(result, runs=result.runs[::7]))] == [None, None]


def test_the_power_of_the_rule_is_the_one_that_was_put_in() -> None:
    """Rates and batches go up in the same steps, so that the best cells lie on the line itself."""
    pairs = [(rate, batch) for rate in (0.0125, 0.05, 0.2, 0.8, 3.2) for batch in (8, 32, 128, 512)]
    runs = tuple(replace(grids.made(*pair, 1.0), diverged=0, status=FINISHED) for pair in pairs)
    found = grid(groups(ChapterResult("cnn", "objects", tuple(run for run in runs if run.test)))[0])
    assert found is not None
    rule = rate_rule(found)
    assert rule is not None
    assert (rule.batches, rule.at_an_end) == (4, 1)
    assert (rule.slope, rule.correlation) == pytest.approx((1.0, 1.0))


def test_one_rate_for_all_batches_has_no_slope() -> None:
    found = grid(groups(grids.chapter(power=0.0))[1])
    assert found is not None
    rule = rate_rule(found)
    assert rule is not None
    assert rule.slope is None
