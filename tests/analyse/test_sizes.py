"""What each size of a transformer changes in the mean over the others."""

from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.ranks import grid
from rdfia.analyse.sizes import by_tokens, change, matched
from tests.report import patched


def test_the_ends_of_a_full_grid_are_means_over_all_other_settings() -> None:
    cells = grid(patched.chapter())
    patch = change(cells, "patch")
    assert patch is not None
    assert patch.values == (4, 14)
    means = [np.mean([cell.accuracy.mean for cell in cells if cell.patch == size]) for size in (4, 14)]
    assert patch.means == pytest.approx(means)
    counts = {tokens.count: tokens.accuracy for tokens in by_tokens(cells)}
    assert (counts[50], counts[5]) == pytest.approx(tuple(means))


def test_a_grid_with_holes_compares_only_what_has_both_ends() -> None:
    """The means over all of embed 16 and of embed 64 would compare shallow networks with deep ones."""
    kept = ("small", "e16_p7_b2", "e32_p7_b6", "e64_p7_b2", "e64_p7_b4", "e64_p7_b6", "e64_p14_b6")
    chapter = patched.chapter()
    cells = grid(replace(chapter, runs=tuple(run for run in chapter.runs if run.name in kept)))
    assert [cell.run.name for cell in matched(cells, "embed")] == ["e16_p7_b2", "small", "e64_p7_b2"]
    both = {cell.patch: cell.accuracy.mean for cell in matched(cells, "patch")}
    assert set(both) == {7, 14}
    assert {tokens.count: tokens.accuracy for tokens in by_tokens(cells)} == pytest.approx({5: both[14], 17: both[7]})


def test_depths_that_share_no_width_have_no_change() -> None:
    chapter = patched.chapter()
    runs = tuple(run for run in chapter.runs if run.name in ("small", "e16_p7_b2", "e64_p7_b4"))
    cells = grid(replace(chapter, runs=runs))
    assert change(cells, "blocks") is None


def test_runs_without_a_count_have_no_mean_of_it() -> None:
    chapter = patched.chapter()
    cells = grid(replace(chapter, runs=tuple(replace(run, flops=None) for run in chapter.runs)))
    assert [tokens.flops for tokens in by_tokens(cells)] == [None, None, None]
