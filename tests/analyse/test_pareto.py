"""What accuracy costs: the Pareto front, the cheapest run that is good enough, and how operations are counted."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from rdfia.analyse.pareto import best_point, cheapest_unresolved, flops_per_seed, pareto_front, timed_points
from rdfia.analyse.results import DIVERGED, Card, ChapterResult
from tests.report import prices


def test_nothing_off_the_front_is_better_than_what_stands_on_it() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        points = [prices.point(str(i), *rng.integers(1, 9, 2).astype(float)) for i in range(rng.integers(1, 20))]
        ahead = pareto_front(points)
        better = [any(d.cost <= a.cost and d.accuracy.mean > a.accuracy.mean for d in points) for a in ahead]
        assert not any(better)
        assert all(any(a.cost <= d.cost and a.accuracy.mean >= d.accuracy.mean for a in ahead) for d in points)
        assert all(a.cost < b.cost and a.accuracy.mean < b.accuracy.mean for a, b in pairwise(ahead))


def test_flops_are_those_of_all_passes() -> None:
    card = Card("objects", counts={"train": 1000})
    whole = replace(prices.run("a", (1.0, 2.0), 3), card=card, flops=7, config={"epochs": 5})
    assert flops_per_seed(whole) == 3 * 7 * 1000 * 5
    assert flops_per_seed(replace(whole, config={"epochs": 5, "sample": 10})) == 3 * 7 * 10 * 5
    for less in (replace(whole, flops=None), replace(whole, config={}), replace(whole, card=prices.CARD)):
        assert flops_per_seed(less) is None
    assert flops_per_seed(replace(whole, config={"epochs": 5, "patience": 2})) is None


def test_the_cheapest_good_enough_is_not_resolved_to_be_worse_than_the_best() -> None:
    runs = (("poor", (60, 61, 62), 3), ("near", (89, 90.5, 91), 30), ("top", (90, 91, 92), 300))
    points = timed_points(ChapterResult("cnn", "objects", tuple(prices.run(*run) for run in runs)))
    assert [point.cost for point in points] == [1, 10, 100]
    assert (best_point(points).run.name, cheapest_unresolved(points).run.name) == ("top", "near")


@pytest.mark.parametrize("own", [{"timing": {}}, {"status": DIVERGED}, {"test": {}}])
def test_only_whole_runs_have_a_price(own: dict[str, object]) -> None:
    first, second = prices.chapter(2).runs
    chapter = ChapterResult("cnn", "objects", (first, replace(second, **own)))  # type: ignore[arg-type]
    assert [point.run for point in timed_points(chapter)] == [first]
