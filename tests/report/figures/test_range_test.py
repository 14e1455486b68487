"""The figure of the range test: the rates that seeds suggest, and those that the runs use."""

from pathlib import Path

import numpy as np

from rdfia.analyse.range_test import range_tests
from rdfia.report.figures.range_test import range_test
from tests.report import large
from tests.report.making import context, drawings, plots

PROBES = dict(large.traces())


def test_what_is_plotted_are_the_numbers(tmp_path: Path) -> None:
    (plot,) = plots(range_test, context(tmp_path, large.chapter(), PROBES))
    lines = [line.get_xydata() for line in plot.figure.axes[0].lines[: large.SEEDS]]
    assert np.array_equal(np.concatenate(lines), [row[2:] for row in plot.numbers.rows])


def test_the_caption_is_computed(tmp_path: Path) -> None:
    given = context(tmp_path, large.chapter(), PROBES)
    (drawing,) = drawings(range_test, given)
    (test,) = range_tests(given.chapter, PROBES)
    low, high = min(test.suggested), max(test.suggested)
    assert drawing.name == "cnn_range_test"
    assert f"from {low:.2g} to {high:.2g}" in drawing.caption
    assert f"smoothed over {test.window} steps" in drawing.caption
    assert "The rates in use: baseline, best of the grid 0.1, which is " in drawing.caption
    assert drawing.alt.endswith("one line for each seed, in range_test.")


def test_noise_suggests_nothing(tmp_path: Path) -> None:
    noise = np.array(PROBES["range_test/trace"])
    noise[:, 1] = np.random.default_rng(0).normal(2.3, 0.3, noise[:, 1].shape)
    (drawing,) = drawings(range_test, context(tmp_path, large.chapter(), {"range_test/trace": noise}))
    assert "none of 4 seeds suggests a rate" in drawing.caption


def test_without_steps_nothing_is_drawn(tmp_path: Path) -> None:
    probes = {"baseline/trace": PROBES["range_test/trace"]}
    assert drawings(range_test, context(tmp_path, large.chapter(), probes)) == []
