"""Whether improvements add up: the sum of effects that share a reference, and its interval."""

from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.additivity import additivity
from rdfia.analyse.results import DIVERGED, ChapterResult, RunResult
from tests.report import large


def made(gains: dict[str, float], together: float, seeds: int = 4) -> ChapterResult:
    """Return a baseline at 70, runs that gain so much, and one of all together."""

    def run(name: str, level: float, group: str = "") -> RunResult:
        tests = {str(seed): level + apart for seed, apart in enumerate(np.linspace(-0.4, 0.4, seeds).tolist())}
        return replace(large.run(name, level, group=group), test=tests)

    runs = [run(name, 70 + gain, "alone") for name, gain in gains.items()]
    return ChapterResult("cnn", "cifar10", (run("baseline", 70), *runs, run("all", 70 + together, "together")))


def test_the_sum_counts_the_shared_reference_once_for_each() -> None:
    found = additivity(made({"a": 3.0, "b": 2.0, "c": 1.0}, 6.0))
    assert found is not None
    means = [float(np.mean(list(run.test.values()))) for run in (found.reference, *found.alone, *found.together)]
    assert found.total.mean == pytest.approx(sum(means[1:4]) - 3 * means[0])
    beyond = found.beyond(found.together[0])
    assert beyond.mean == pytest.approx(means[4] - sum(means[1:4]) + 2 * means[0])
    assert beyond.mean == pytest.approx(found.effect(found.together[0]).mean - found.total.mean)


def test_an_improvement_of_another_group_counts_where_none_of_the_group_makes_it() -> None:
    """Declared among its variants, an improvement needs no second run to be one of those that all together hold."""
    chapter = made({"a": 3.0, "b": 2.0}, 6.0)
    keys = {"a": ("augment",), "b": ("schedule",), "all": ("normalise", "augment", "schedule")}
    runs = [replace(r, delta=keys.get(r.name, ()), config={"normalise": {"name": "standardise"}}) for r in chapter.runs]
    more = replace(runs[1], name="standardise", group="normalisation", delta=("normalise",))
    other = replace(more, name="zca", config={"normalise": {"name": "zca"}})
    again = replace(more, name="crop", delta=("augment",))
    found = additivity(ChapterResult("cnn", "cifar10", (*runs, more, other, again)))
    assert found is not None
    assert [run.name for run in found.alone] == ["standardise", "a", "b"]


def test_one_seed_gives_no_interval() -> None:
    found = additivity(made({"a": 3.0, "b": 3.0}, 6.0, seeds=1))
    assert found is not None
    assert (found.total.low, found.total.high) == (None, None)


def test_without_both_groups_there_is_nothing() -> None:
    chapter = made({"a": 3.0, "b": 3.0}, 6.0)
    lost = replace(chapter.runs[2], status=DIVERGED)
    for runs in (chapter.runs[:-1], chapter.runs[::3], (*chapter.runs[:2], lost, chapter.runs[3]), ()):
        assert additivity(ChapterResult("cnn", "cifar10", tuple(runs))) is None
