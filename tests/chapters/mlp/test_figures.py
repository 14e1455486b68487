"""Decision regions of points in the plane."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import DIVERGED, FINISHED
from rdfia.chapters.mlp import figures
from rdfia.report.engine.context import Context
from tests.report import sample
from tests.report.making import drawings, plots


@pytest.fixture
def context(tmp_path: Path) -> Context:
    study = read_study(sample.write(tmp_path), tmp_path)
    return Context(study, (), study.chapters[0])


def test_every_group_has_its_maps(context: Context) -> None:
    names = [item.name for function in (figures.regions, figures.strips) for item in drawings(function, context)]
    assert names == ["mlp_regions", "mlp_hidden_units_regions", "mlp_strip", "mlp_hidden_units_strip"]


def test_a_map_is_the_probability_and_its_numbers_those_of_the_map(context: Context) -> None:
    _, plot = plots(figures.regions, context)
    for axis, (run, low, high, share) in zip(plot.figure.axes, plot.numbers.rows, strict=False):
        shown = axis.images[0].get_array()
        np.testing.assert_array_equal(shown, context.probes[f"{run}/boundary"])
        assert (low, high, share) == (shown.min(), shown.max(), (shown > 0.5).mean())
    assert share == pytest.approx(np.pi / 16, abs=0.01)  # the unit disc in a square of side 4


def test_a_row_ends_with_the_map_after_training(context: Context) -> None:
    plot, _ = plots(figures.strips, context)
    [axis] = plot.figure.axes
    assert [text.get_text() for text in axis.texts] == [f"epoch {row[1]}" for row in plot.numbers.rows]
    shares = [float((image.get_array() > 0.5).mean()) for image in axis.images]
    assert [row[-1] for row in plot.numbers.rows] == shares
    np.testing.assert_array_equal(axis.images[-1].get_array(), context.probes["autograd/boundary"].astype(np.float64))


def test_after_early_stopping_a_row_ends_at_the_epoch_of_its_weights(context: Context) -> None:
    run = next(run for run in context.chapter.runs if f"{run.name}/strip" in context.probes)
    seeds = {"0": {"status": DIVERGED}, "1": {"status": FINISHED, "epoch": 16}}
    record = replace(run.record, metrics={**run.record.metrics, "seeds": seeds})
    stopped = replace(run, config={**run.config, "epochs": 150, "patience": 2}, record=record)
    chapter = replace(context.chapter, runs=tuple(stopped if one is run else one for one in context.chapter.runs))
    plot, *_ = plots(figures.strips, context.of(chapter))
    assert [epoch for name, epoch, *_ in plot.numbers.rows if name == run.name][-1] == 16


def test_a_chapter_without_points_has_no_maps(context: Context) -> None:
    images = context.of(context.study.chapters[1])
    assert (drawings(figures.regions, images), drawings(figures.strips, images)) == ([], [])
