"""Learning curves of small and of large groups: no run is left out, and their files stay small."""

import numpy as np
import pytest

from rdfia.analyse.curves import curves
from rdfia.analyse.groups import groups
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.multiples import Drawn
from rdfia.report.figures.curves import BEHIND, accuracy, loss
from tests.report import large
from tests.report.making import drawings, plots


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The chain, a large group and a range test."""
    study = large.study(tmp_path_factory.mktemp("curves"), "rate and batch", "range test")
    return Context(study, (), study.chapters[0])


@pytest.fixture(scope="module")
def made(given: Context) -> dict[str, Drawing]:
    return {drawing.name: drawing for function in (loss, accuracy) for drawing in drawings(function, given)}


def test_what_is_plotted_are_the_numbers(given: Context) -> None:
    for function in (loss, accuracy):
        for plot in plots(function, given):
            (drawn,) = [artist for artist in plot.figure.artists if isinstance(artist, Drawn)]
            own = [band.mean for panel in drawn.what.panels for stroke, band in panel.lines if stroke != BEHIND]
            assert np.concatenate(own).tolist() == [row[4] for row in plot.numbers.rows]


def test_no_run_of_a_group_is_left_out(given: Context, made: dict[str, Drawing]) -> None:
    for group in groups(given.chapter):
        for measure in ("loss", "accuracy") if group.name != "range test" else ():
            svg = made[f"cnn{group.suffix}_{measure}"].svg.decode()
            assert all(f">{label}<" in svg for label in group.labels)
    assert len(made) == 4


def test_small_panels_show_less_than_large_ones(made: dict[str, Drawing]) -> None:
    lines = {name: drawing.svg.decode() for name, drawing in made.items()}
    assert ">train, running<" in lines["cnn_loss"]
    assert ">train, running<" not in lines["cnn_rate_and_batch_loss"]
    assert ">train, frozen weights<" in lines["cnn_rate_and_batch_loss"]
    assert ">train, frozen weights<" not in lines["cnn_rate_and_batch_accuracy"]
    assert ">validation of the reference<" in lines["cnn_rate_and_batch_accuracy"]
    assert max(len(drawing.svg) for drawing in made.values()) < 250_000


def test_the_caption_counts_what_ends_above_the_reference(given: Context, made: dict[str, Drawing]) -> None:
    ends = {c.run.name: c.end for c in curves(groups(given.chapter)[1], "accuracy") if c.end is not None}
    first = ends.pop("baseline")
    above = sum(end > first for end in ends.values())
    caption = made["cnn_rate_and_batch_accuracy"].caption
    assert f"of all {len(ends) + 1} runs" in caption
    assert f"{above} of {len(ends)} end above it" in caption
    assert f"by {max(ends.values()) - first:+.2f} points, furthest down" in caption


def test_the_caption_names_the_widest_gap(given: Context, made: dict[str, Drawing]) -> None:
    chain = curves(groups(given.chapter)[0], "loss")
    widest = max(chain, key=lambda curve: -curve.gap)
    assert made["cnn_loss"].caption.endswith(f"the gap is widest in {widest.label}, at {-widest.gap:.2f}.")


def test_seeds_that_diverged_and_low_ends_are_written_into_the_panel(made: dict[str, Drawing]) -> None:
    assert ">4 of 4 diverged<" in made["cnn_rate_and_batch_loss"].svg.decode()
    assert ">ends at " in made["cnn_rate_and_batch_accuracy"].svg.decode()
