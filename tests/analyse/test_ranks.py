"""Ranks that the seeds allow."""

from dataclasses import replace

import numpy as np

from rdfia.analyse.metrics import HURTS, difference, resolve, shared
from rdfia.analyse.ranks import grid, ranks
from rdfia.analyse.results import ChapterResult
from tests.report import patched


def of_levels(*levels: float, noise: float = 0.1) -> ChapterResult:
    """Return runs of a grid whose means are these, each with the same scatter."""
    own = np.asarray([-1.0, 1.0, -0.5, 0.5]) * noise
    runs = patched.chapter().runs[: len(levels)]
    seeds = [{str(i): float(level + apart) for i, apart in enumerate(own)} for level in levels]
    made = [replace(run, test=tests, group="grid") for run, tests in zip(runs, seeds, strict=True)]
    return ChapterResult("vit", "mnist", tuple(made))


def test_every_cell_is_ranked_with_its_sizes() -> None:
    cells = grid(patched.chapter())
    assert [(cell.embed, cell.patch, cell.blocks) for cell in cells] == sorted(patched.SIZES)
    assert {(cell.patch, cell.tokens) for cell in cells} == {(4, 50), (7, 17), (14, 5)}


def test_runs_far_apart_have_one_rank_each_and_runs_alike_share_it() -> None:
    far = ranks(grid(of_levels(90, 95, 99)))
    assert [(rank.rank, rank.shared, rank.low, rank.high) for rank in far] == [
        (1, False, 1, 1), (2, False, 2, 2), (3, False, 3, 3)
    ]  # fmt: skip
    near = ranks(grid(of_levels(99, 98.99, 98.98, 90)))
    assert [(rank.rank, rank.shared, rank.low, rank.high) for rank in near] == [
        (1, True, 1, 3), (1, True, 1, 3), (1, True, 1, 3), (4, False, 4, 4)
    ]  # fmt: skip
    assert [rank.width for rank in near] == [3, 3, 3, 1]


def test_ranks_hold_to_their_definition() -> None:
    ranked = ranks(grid(patched.chapter()))
    level = shared(len(ranked) - 1)
    means = [rank.cell.accuracy.mean for rank in ranked]
    assert means == sorted(means, reverse=True)
    for rank in ranked:
        own = list(rank.cell.run.test.values())
        above = [resolve(difference(own, list(o.cell.run.test.values()), level)) == HURTS for o in ranked]
        assert rank.low == 1 + sum(above)
        assert rank.low <= ranked.index(rank) + 1 <= rank.high
        assert ranked[rank.rank - 1].rank == rank.rank


def test_the_range_covers_the_true_rank() -> None:
    """Of 200 samples of five equal runs, a run has a range without its rank in at most 5 %, but for chance."""
    rng, missed = np.random.default_rng(0), 0
    for _ in range(200):
        result = of_levels(*[90.0] * 5)
        runs = [
            replace(run, test={str(i): float(v) for i, v in enumerate(rng.normal(90, 1, 5))}) for run in result.runs
        ]
        by_name = {rank.cell.run.name: rank for rank in ranks(grid(replace(result, runs=tuple(runs))))}
        first = by_name[result.runs[0].name]
        missed += (first.low, first.high) != (1, 5)  # all ranks are true of equal runs
    assert missed <= 14
