"""Whether improvements add up: the sum of effects that share a reference, and its interval."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.metrics import difference
from rdfia.analyse.results import DIVERGED, ChapterResult, RunResult, Study
from rdfia.report import alone
from rdfia.report.engine.drawing import style
from tests.report import large


def made(gains: dict[str, float], together: float, seeds: int = 4) -> ChapterResult:
    """A baseline at 70, runs that gain so much, and one of all together."""

    def run(name: str, level: float, group: str = "") -> RunResult:
        tests = {str(seed): level + apart for seed, apart in enumerate(np.linspace(-0.4, 0.4, seeds).tolist())}
        return replace(large.run(name, level, group=group), test=tests)

    runs = [run(name, 70 + gain, "alone") for name, gain in gains.items()]
    return ChapterResult("cnn", "cifar10", (run("baseline", 70), *runs, run("all", 70 + together, "together")))


def test_a_contrast_of_two_is_welchs_difference() -> None:
    first, second = made({"a": 3.0}, 5.0).runs[:2]
    ours = alone.contrast([(1.0, second), (-1.0, first)])
    theirs = difference(list(second.test.values()), list(first.test.values()))
    assert (ours.mean, ours.low, ours.high) == pytest.approx((theirs.mean, theirs.low, theirs.high))


def test_the_interval_of_a_contrast_covers_the_truth() -> None:
    """Drawn many times with known means, 95 of 100 intervals of the sum hold the sum of the true effects."""
    rng, inside, times = np.random.default_rng(0), 0, 400
    for _ in range(times):
        levels = {"baseline": 70.0, "a": 72.0, "b": 73.0, "c": 71.0}
        runs = [replace(large.run(n, v), test=dict(enumerate(rng.normal(v, 0.5, 5)))) for n, v in levels.items()]
        found = alone.contrast([(-3.0, runs[0]), *((1.0, run) for run in runs[1:])])
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 6.0 <= found.high
    assert 0.92 < inside / times < 0.99


def test_the_sum_counts_the_shared_reference_once_for_each() -> None:
    over = alone.found(made({"a": 3.0, "b": 2.0, "c": 1.0}, 6.0))
    assert over is not None
    means = [float(np.mean(list(run.test.values()))) for run in (over.reference, *over.alone, *over.together)]
    assert over.total.mean == pytest.approx(sum(means[1:4]) - 3 * means[0])
    assert over.beyond(over.together[0]).mean == pytest.approx(means[4] - sum(means[1:4]) + 2 * means[0])
    assert over.beyond(over.together[0]).mean == pytest.approx(over.effect(over.together[0]).mean - over.total.mean)


@pytest.mark.parametrize(
    ("together", "words"),
    [(2.0, "less than the sum"), (6.0, "do not tell from adding up"), (11.0, "more than the sum")],
)
def test_the_caption_says_whether_they_add_up(together: float, words: str) -> None:
    chapter = made({"a": 3.0, "b": 3.0}, together)
    (table,) = alone.tables(Study(Path(), "full", (chapter,), {}))
    with style():
        (drawing,) = alone.draw(chapter)
    assert (table.name, drawing.name) == ("cnn_additive", "cnn_additive")
    assert words in table.caption
    assert words in drawing.alt
    assert [row[0] for row in table.rows] == ["a", "b", "sum", "all", "all - sum"]
    assert "all - sum" in table.markdown()


def test_an_improvement_of_another_group_counts_where_none_of_the_group_makes_it() -> None:
    """Declared among its variants, an improvement needs no second run to be one of those that all together hold."""
    chapter = made({"a": 3.0, "b": 2.0}, 6.0)
    keys = {"a": ("augment",), "b": ("schedule",), "all": ("normalise", "augment", "schedule")}
    runs = [replace(r, delta=keys.get(r.name, ()), config={"normalise": {"name": "standardise"}}) for r in chapter.runs]
    more = replace(runs[1], name="standardise", group="normalisation", delta=("normalise",))
    other = replace(more, name="zca", config={"normalise": {"name": "zca"}})
    again = replace(more, name="crop", delta=("augment",))
    over = alone.found(ChapterResult("cnn", "cifar10", (*runs, more, other, again)))
    assert over is not None
    assert [run.name for run in over.alone] == ["standardise", "a", "b"]


def test_one_seed_gives_no_interval() -> None:
    over = alone.found(made({"a": 3.0, "b": 3.0}, 6.0, seeds=1))
    assert over is not None
    assert (over.total.low, over.total.high) == (None, None)


def test_without_both_groups_there_is_nothing() -> None:
    chapter = made({"a": 3.0, "b": 3.0}, 6.0)
    lost = replace(chapter.runs[2], status=DIVERGED)
    for runs in (chapter.runs[:-1], chapter.runs[::3], (*chapter.runs[:2], lost, chapter.runs[3]), ()):
        few = ChapterResult("cnn", "cifar10", tuple(runs))
        assert alone.draw(few) == []
        assert alone.tables(Study(Path(), "full", (few,), {})) == []
