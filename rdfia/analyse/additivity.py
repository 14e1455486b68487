"""Improvements by themselves, their sum, and all of them together: whether they add up.

The effects of k runs on one reference share its seeds, so that their sum is no sum of independent draws. It is the
contrast Σᵢ x̄ᵢ - k x̄₀ of means that are, with the variance Σᵢ sᵢ²/nᵢ + k² s₀²/n₀. So is what all together have beyond
the sum, x̄ₜ - x̄₀ - (Σᵢ x̄ᵢ - k x̄₀) = x̄ₜ - Σᵢ x̄ᵢ + (k - 1) x̄₀.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.changes import deep_equal, get_path
from rdfia.analyse.metrics import Estimate, contrast
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult

ALONE, TOGETHER = "alone", "together"  # the groups
LEAST = 2  # improvements that have a sum


@dataclass(frozen=True)
class Additivity:
    """Improvements of one reference by themselves, and each run of all together."""

    chapter: ChapterResult
    reference: RunResult
    alone: tuple[RunResult, ...]
    together: tuple[RunResult, ...]

    @property
    def total(self) -> Estimate:
        """Σᵢ x̄ᵢ - k x̄₀."""
        return _contrast([*((1.0, run) for run in self.alone), (-float(len(self.alone)), self.reference)])

    def effect(self, run: RunResult) -> Estimate:
        """Return x̄ₜ - x̄₀."""
        return _contrast([(1.0, run), (-1.0, self.reference)])

    def beyond(self, run: RunResult) -> Estimate:
        """Return x̄ₜ - Σᵢ x̄ᵢ + (k - 1) x̄₀."""
        each = [(-1.0, other) for other in self.alone]
        return _contrast([(1.0, run), *each, (len(self.alone) - 1.0, self.reference)])


def _contrast(parts: Sequence[tuple[float, RunResult]]) -> Estimate:
    (_, first), *_ = parts
    return contrast([(factor, list(run.test.values())) for factor, run in parts], noise=first.expected("test"))


def additivity(chapter: ChapterResult) -> Additivity | None:
    """Return the improvements that ended well, on the reference that most of them have; None where these are few."""
    runs = [run for run in chapter.runs if run.group == ALONE and chapter.effect(run) is not None]
    together = tuple(run for run in chapter.runs if run.group == TOGETHER and run.status == FINISHED and run.test)
    names = Counter(run.reference for run in runs).most_common(1)
    reference = chapter.run(names[0][0]) if names else None
    if reference is None or not together:
        return None
    own = [run for run in runs if run.reference == reference.name]
    chosen = [*_others(chapter, reference, own, together[0]), *own]
    return Additivity(chapter, reference, tuple(chosen), together) if len(chosen) >= LEAST else None


def _others(
    chapter: ChapterResult, reference: RunResult, own: Sequence[RunResult], together: RunResult
) -> list[RunResult]:
    """Return runs of other groups that change one thing that all together change and none of `own` does."""
    left = set(together.delta) - {key for run in own for key in run.delta}
    near = [run for run in chapter.runs if run.reference == reference.name and run.group not in (ALONE, TOGETHER)]
    alike = [run for run in near if run.delta and set(run.delta) <= left and chapter.effect(run) is not None]
    return [
        run
        for run in alike
        if all(deep_equal(get_path(run.config, k), get_path(together.config, k)) for k in run.delta)
    ]
