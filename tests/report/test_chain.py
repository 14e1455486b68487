"""The chain: which runs are its steps, and what stands beside them."""

from dataclasses import replace
from pathlib import Path

from rdfia.analyse import published
from rdfia.analyse.results import DIVERGED, ChapterResult, RunResult, Study
from rdfia.report import chain
from rdfia.report.engine.drawing import Drawing, style
from tests.report import large

NAMES = list(large.CHAIN)


def drawn(chapter: ChapterResult, profile: str = "full") -> list[Drawing]:
    with style():
        return chain.draw(Study(Path(), profile, (chapter,), {}), chapter, published.read())


def made(*runs: RunResult) -> ChapterResult:
    return ChapterResult("cnn", "cifar10", runs)


def changed(**own: object) -> ChapterResult:
    """The chapter with other fields in every run."""
    return made(*(replace(run, **own) for run in large.chapter().runs))  # type: ignore[arg-type]


def test_the_steps_follow_references_to_the_first_run() -> None:
    assert [run.name for run in chain.path(large.chapter())] == NAMES
    assert [run.name for run in chain.path(made(*large.chapter().runs[::-1][-6:][::-1]))] == NAMES


def test_variants_do_not_lengthen_the_chain() -> None:
    variants = [large.run(f"more_{i}", 80, "chain_batch_norm", group="variants") for i in range(2)]
    assert [run.name for run in chain.path(made(*large.chapter().runs, *variants))] == NAMES
    assert [run.name for run in chain.path(made(*large.chapter().runs, variants[0]))] == [*NAMES, "more_0"]


def test_references_in_a_circle_are_no_chain() -> None:
    circle = (large.run("first", 1, "first"), large.run("a", 1, "b"), large.run("b", 1, "a"), large.run("c", 1, "lost"))
    assert [run.name for run in chain.path(made(*circle))] == ["first"]
    assert chain.path(made()) == []


def test_the_caption_is_computed() -> None:
    chapter = large.chapter()
    (drawing,) = drawn(chapter)
    first, last = (chapter.run(name) for name in (NAMES[0], NAMES[-1]))
    assert first is not None and last is not None  # noqa: PT018
    means = [run.test_accuracy.mean for run in (first, last) if run.test_accuracy]
    assert drawing.name == "cnn_chain"
    assert f"from {means[0]:.2f} % (baseline) to {means[1]:.2f} % (chain_batch_norm)" in drawing.caption
    assert "the 5 comparisons of its group" in drawing.caption
    assert len(drawing.alt) >= 20


def test_published_chains_have_no_figure_with_a_caveat() -> None:
    steps = chain.path(large.chapter())
    theirs = chain.published(Study(Path(), "full", (), {}), steps, published.read())
    printed = {
        (f.report, f.number) for run in steps for f in published.figures_for(run, published.read()) if not f.caveat
    }
    assert {(report, value) for report, line in theirs.items() for value in line.values()} <= printed
    assert theirs
    assert all(list(line) == sorted(line) for line in theirs.values())


def test_stand_in_data_have_no_published_chain() -> None:
    stand_in = changed(card=replace(large.CARD, stands_for=None))
    for found in (drawn(stand_in), drawn(large.chapter(), "quick")):
        assert "No published figure is drawn" in found[0].caption
        assert "R20" not in found[0].svg.decode()


def test_three_whole_runs_are_no_chain() -> None:
    assert drawn(made(*large.chapter().runs[:3])) == []
    assert drawn(changed(status=DIVERGED)) == []
    assert drawn(changed(test={})) == []
