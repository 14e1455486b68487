"""What accuracy costs: the Pareto front, the cheapest run that is good enough, and names that do not overlap."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from rdfia.analyse.metrics import interval
from rdfia.analyse.results import DIVERGED, FINISHED, Card, ChapterResult, RunResult
from rdfia.report import price
from rdfia.report.engine.drawing import Drawing, style

CARD = Card("objects")
WEIGHTS = (4_810, 23_860, 79_510, 311_290, 1_191_170)


def run(name: str, tests: tuple[float, ...], seconds: float, parameters: int | None = 100) -> RunResult:
    """A run whose seeds took `seconds` together."""
    seeds = {str(seed): accuracy for seed, accuracy in enumerate(tests)}
    record = RunResult("cnn", name, name, "baseline", "", CARD, status=FINISHED, parameters=parameters)
    return replace(record, declared=len(tests), test=seeds, validation=seeds, timing={"training_seconds": seconds})


def chapter(count: int = 70) -> ChapterResult:
    """Runs whose accuracy grows with the logarithm of what they cost, one in ten of them far below the others."""
    rng = np.random.default_rng(0)
    runs = []
    for i in range(count):
        weights = WEIGHTS[i % len(WEIGHTS)]
        seconds = float(3 * (weights / 1000) ** 0.5 * rng.lognormal(0, 0.7))
        level = 70 + 4 * np.log10(weights / 1000) + 5 * np.log10(seconds) + rng.normal(0, 2) - 40 * (i % 10 == 7)
        tests = tuple(float(level + rng.normal(0, 0.5)) for _ in range(3))
        runs.append(run(f"{('wide', 'deep', 'smooth', 'plain')[i % 4]}_{i}", tests, 3 * seconds, weights))
    return ChapterResult("cnn", "objects", tuple(runs))


def drawn(result: ChapterResult) -> Drawing:
    with style():
        (drawing,) = price.draw(result)
    return drawing


def dot(name: str, accuracy: float, cost: float) -> price.Dot:
    tests = (accuracy - 0.1, accuracy + 0.1)
    return price.Dot(run(name, tests, cost), interval(list(tests)), cost)


def test_nothing_off_the_front_is_better_than_what_stands_on_it() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        dots = [dot(str(i), *rng.integers(1, 9, 2).astype(float)) for i in range(rng.integers(1, 20))]
        ahead = price.front(dots)
        better = [any(d.cost <= a.cost and d.accuracy.mean > a.accuracy.mean for d in dots) for a in ahead]
        assert not any(better)
        assert all(any(a.cost <= d.cost and a.accuracy.mean >= d.accuracy.mean for a in ahead) for d in dots)
        assert all(a.cost < b.cost and a.accuracy.mean < b.accuracy.mean for a, b in pairwise(ahead))


def test_the_caption_names_the_cheapest_that_is_not_resolved_to_be_worse() -> None:
    runs = (run("poor", (60, 61, 62), 3), run("near", (89, 90.5, 91), 30), run("top", (90, 91, 92), 300))
    drawing = drawn(ChapterResult("cnn", "objects", runs))
    assert drawing.name == "cnn_price"
    assert "top in bold, has 91.00 % for 100 seconds; the cheapest, poor, 61.00 % for 1 seconds" in drawing.caption
    assert "near: 90.17 % for 10 seconds, 10.0 times less" in drawing.caption
    assert "front is poor, near and top." in drawing.alt


def test_one_number_of_weights_has_no_panel() -> None:
    result = chapter()
    alike = replace(result, runs=tuple(replace(each, parameters=52) for each in result.runs))
    assert [drawn(r).svg.decode().count(">weights<") for r in (result, alike)] == [1, 0]
    assert "and the weights" not in drawn(alike).caption


def test_what_lies_below_the_scale_is_counted() -> None:
    assert "Triangles at the foot: runs below the scale, 7 of them." in drawn(chapter()).caption


@pytest.mark.parametrize("seed", range(3))
def test_names_overlap_neither_each_other_nor_a_dot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    figure, (axis,) = price.panels(1, 1, 4.0)
    dots = [dot(f"a_long_name_{i}", *rng.uniform(50, 60, 2)) for i in range(40)]
    axis.set(xlim=(48, 62), ylim=(48, 62))
    price.label(axis, dots, dots[0])
    figure.draw_without_rendering()
    boxes = [price.Text.get_window_extent(text) for text in axis.texts]
    spots = axis.transData.transform([(each.cost, each.accuracy.mean) for each in dots])
    assert len(boxes) > 2
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert not any(box.contains(x, y) for box in boxes for x, y in spots)


def test_different_machines_are_said() -> None:
    result = chapter(10)
    runs = [replace(r, timing={**r.timing, "machine": {"device": f"d{i % 2}"}}) for i, r in enumerate(result.runs)]
    assert "2 kinds of machine" in drawn(replace(result, runs=tuple(runs))).caption
    assert "kinds of machine" not in drawn(result).caption


def test_fewer_than_three_whole_runs_are_not_drawn() -> None:
    first, second, third = chapter(3).runs
    for other in (replace(third, timing={}), replace(third, status=DIVERGED), replace(third, test={})):
        assert price.draw(ChapterResult("cnn", "objects", (first, second, other))) == []


def test_the_same_runs_give_the_same_bytes() -> None:
    first, second = drawn(chapter()), drawn(chapter())
    assert first == second
    assert len(first.alt) >= 20
    assert len(re.findall(r"(?:wide|deep|smooth|plain)_\d+", first.alt)) == first.alt.count("_")


def test_flops_are_those_of_all_passes() -> None:
    card = Card("objects", counts={"train": 1000})
    whole = replace(run("a", (1.0, 2.0), 3), card=card, flops=7, config={"epochs": 5})
    assert price.flops_a_seed(whole) == 3 * 7 * 1000 * 5
    assert price.flops_a_seed(replace(whole, config={"epochs": 5, "sample": 10})) == 3 * 7 * 10 * 5
    for less in (replace(whole, flops=None), replace(whole, config={}), replace(whole, card=CARD)):
        assert price.flops_a_seed(less) is None
    assert price.flops_a_seed(replace(whole, config={"epochs": 5, "patience": 2})) is None


def test_flops_have_a_panel_where_they_vary() -> None:
    card = Card("objects", counts={"train": 1000})
    runs = [replace(r, card=card, flops=10, config={"epochs": 1 + i}) for i, r in enumerate(chapter(10).runs)]
    varied = drawn(ChapterResult("cnn", "objects", tuple(runs)))
    alike = drawn(ChapterResult("cnn", "objects", tuple(replace(r, config={"epochs": 3}) for r in runs)))
    assert [d.svg.decode().count(">training FLOPs a seed<") for d in (varied, alike)] == [1, 0]
    assert "Training FLOPs are 3 times the forward FLOPs" in varied.caption
    assert "10 of these runs have a count." in varied.caption
    assert "FLOPs" not in alike.caption
