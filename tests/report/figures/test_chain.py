"""The figure of the chain, and what stands beside it."""

from dataclasses import replace
from pathlib import Path

from rdfia.analyse.published import read
from rdfia.analyse.results import DIVERGED, ChapterResult, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.figures.chain import chain
from tests.report import large
from tests.report.making import drawings, plots

NAMES = list(large.CHAIN)


def given(chapter: ChapterResult, profile: str = "full") -> Context:
    return Context(Study(Path(), profile, (chapter,), {}), read(), chapter)


def made(chapter: ChapterResult, profile: str = "full") -> list[Drawing]:
    return drawings(chain, given(chapter, profile))


def changed(**own: object) -> ChapterResult:
    """Return the chapter with other fields in every run."""
    return ChapterResult("cnn", "cifar10", tuple(replace(run, **own) for run in large.chapter().runs))  # type: ignore[arg-type]


def test_what_is_plotted_are_the_numbers() -> None:
    (plot,) = plots(chain, given(large.chapter()))
    _, _, _, _, *reports = plot.numbers.columns
    lines = {str(line.get_label()): line.get_ydata() for line in plot.figure.axes[0].lines}
    assert [row[1] for row in plot.numbers.rows] == list(lines["ours"])
    assert reports
    for place, report in enumerate(reports, start=4):
        assert [row[place] for row in plot.numbers.rows if row[place] is not None] == list(lines[report])


def test_the_caption_is_computed() -> None:
    chapter = large.chapter()
    (drawing,) = made(chapter)
    means = [run.test_accuracy.mean for run in chapter.runs[:6] if run.test_accuracy]
    assert drawing.name == "cnn_chain"
    assert f"from {means[0]:.2f} % (baseline) to {means[-1]:.2f} % (chain_batch_norm)" in drawing.caption
    assert f"Look at the largest step, standardise: {means[1] - means[0]:+.2f} points, helps." in drawing.caption
    assert "the difference, widened for the 5 comparisons of its group" in drawing.caption
    assert drawing.alt.endswith("at 6 steps: baseline, standardise, crop_flip, exponential, chain_dropout and "
                                "chain_batch_norm.")  # fmt: skip


def test_stand_in_data_have_no_published_chain() -> None:
    stand_in = changed(card=replace(large.CARD, stands_for=None))
    for found in (made(stand_in), made(large.chapter(), "quick")):
        assert "No published figure is drawn" in found[0].caption
        assert "R20" not in found[0].svg.decode()


def test_three_whole_runs_are_no_chain() -> None:
    for chapter in (
        replace(large.chapter(), runs=large.chapter().runs[:3]),
        changed(status=DIVERGED),
        changed(test={}),
    ):
        assert made(chapter) == []
