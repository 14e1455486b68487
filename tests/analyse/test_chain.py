"""The chain: which runs are its steps, and which published figures stand beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rdfia.analyse.chain import longest_chain, published_chains
from rdfia.analyse.published import Published, figures_for, read
from rdfia.analyse.results import ChapterResult, RunResult
from tests.report import large

NAMES = list(large.CHAIN)


def names(*runs: RunResult) -> list[str]:
    return [run.name for run in longest_chain(ChapterResult("cnn", "cifar10", runs))]


def test_the_steps_follow_references_to_the_first_run() -> None:
    runs = large.chapter().runs
    assert names(*runs) == NAMES
    assert names(runs[0], *runs[:0:-1]) == NAMES


def test_variants_do_not_lengthen_the_chain() -> None:
    variants = [large.run(f"more_{i}", 80, "chain_batch_norm", group="variants") for i in range(2)]
    assert names(*large.chapter().runs, *variants) == NAMES
    assert names(*large.chapter().runs, variants[0]) == [*NAMES, "more_0"]


def test_references_in_a_circle_are_no_chain() -> None:
    circle = (large.run("first", 1, "first"), large.run("a", 1, "b"), large.run("b", 1, "a"), large.run("c", 1, "lost"))
    assert names(*circle) == ["first"]
    assert names() == []


def test_published_chains_hold_every_comparable_figure_at_its_step(tmp_path: Path) -> None:
    study = large.study(tmp_path, "nothing")
    steps = longest_chain(study.chapters[0])
    unknown = [replace(run, config={}) for run in steps]  # contradicts no figure
    figures = [figure for figure in read() if not figure.caveat]
    assert published_chains(study, unknown, read()) == expected(unknown, figures) != {}
    stated = [figure for figure in figures if figure.epochs not in ("", str(large.EPOCHS))]
    assert published_chains(study, steps, stated) == {}
    assert expected(steps, stated) != {}


def expected(steps: Sequence[RunResult], figures: Iterable[Published]) -> dict[str, dict[int, float]]:
    """Return the figures by report and step, the last one of each."""
    chains: dict[str, dict[int, float]] = {}
    for place, run in enumerate(steps):
        for figure in figures_for(run, figures):
            chains.setdefault(figure.report, {})[place] = figure.number
    return chains
