"""Which effects are resolved, and for how many comparisons their intervals are widened."""

from rdfia.analyse.effects import Correction, correction, resolved
from rdfia.analyse.metrics import Estimate
from tests.report import large


def test_effects_are_sorted_by_whether_their_interval_leaves_out_zero() -> None:
    effects = {"up": (1.0, 2.0), "down": (-2.0, -1.0), "noise": (-1.0, 1.0), "touching": (0.0, 1.0)}
    kinds = resolved([(name, Estimate(sum(ends) / 2, *ends, 3)) for name, ends in effects.items()])
    assert (kinds.helps, kinds.hurts, kinds.unresolved) == (("up",), ("down",), 2)


def test_each_group_has_its_own_number_of_comparisons() -> None:
    chapter = large.chapter()
    groups = ("augmentation", "optimiser", "range test")
    runs = [run for run in chapter.runs if run.group in groups[:2]]
    assert correction(chapter, runs) == Correction(9, 25)
    assert correction(chapter, runs).level == 99.8
    assert correction(chapter, []) == Correction(0, 0)
