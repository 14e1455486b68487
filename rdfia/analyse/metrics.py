"""Statistics over seeds: a mean, its interval, the difference of two runs, and the range of one new run.

Every interval here is Student's, with the level 95 % where no other is given, and treats the seeds of a run as
independent draws from one normal distribution. It speaks of the seeds alone: the split and the test images are held
fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

LEVEL = 0.95
HELPS, HURTS, UNRESOLVED = "helps", "hurts", "not resolved"


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `low` and `high` are None where the seeds cannot give one."""

    mean: float
    low: float | None
    high: float | None
    seeds: int


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, x̄ = Σ xᵢ / n."""
    return sum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """The unbiased sample variance, s² = Σ (xᵢ - x̄)² / (n - 1)."""
    centre = mean(values)
    return sum((value - centre) ** 2 for value in values) / (len(values) - 1)


def quantile(degrees: float, level: float = LEVEL) -> float:
    """Student's t that leaves (1 - level) / 2 above itself; the degrees of freedom need not be whole."""
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    return float(stdtrit(degrees, (1 + level) / 2))


def interval(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """The mean with its interval x̄ ± t(n-1) · s / √n (Student 1908).

    One value alone has no interval, and neither have equal ones: one of no width would read as certainty.
    """
    centre, n = mean(values), len(values)
    if n < 2 or min(values) == max(values):
        return Estimate(centre, None, None, n)
    half = quantile(n - 1, level) * sqrt(variance(values) / n)
    return Estimate(centre, centre - half, centre + half, n)


def bounded(estimate: Estimate, low: float, high: float) -> Estimate:
    """Return an estimate whose interval is cut to what is possible: it holds the truth as often as before."""
    if estimate.low is None or estimate.high is None:
        return estimate
    return replace(estimate, low=max(estimate.low, low), high=min(estimate.high, high))


def prediction(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Where one more run of the same kind would fall, x̄ ± t(n-1) · s · √(1 + 1/n)."""
    centre, n = mean(values), len(values)
    if n < 2:
        return Estimate(centre, None, None, n)
    half = quantile(n - 1, level) * sqrt(variance(values) * (1 + 1 / n))
    return Estimate(centre, centre - half, centre + half, n)


def contrast(parts: Sequence[tuple[float, Sequence[float]]], level: float = LEVEL) -> Estimate:
    """Return Σ cᵢ x̄ᵢ of independent runs with Welch's interval ± t(k) · √Σ vᵢ, where vᵢ = cᵢ² sᵢ²/nᵢ.

    The degrees of freedom are Welch and Satterthwaite's, k = (Σ vᵢ)² / Σ vᵢ²/(nᵢ - 1) (Welch 1947, Satterthwaite 1946).
    There is no interval when a run has one seed, or when none varies at all: k is undefined then.
    """
    centre, fewest = sum(c * mean(values) for c, values in parts), min(len(values) for _, values in parts)
    each = [(c**2 * variance(values) / len(values), len(values) - 1) for c, values in parts] if fewest > 1 else []
    total = sum(v for v, _ in each)
    if total == 0:
        return Estimate(centre, None, None, fewest)
    degrees = 1 / sum((v / total) ** 2 / n for v, n in each)  # divided through by Σ vᵢ, so that none vanishes
    half = quantile(degrees, level) * sqrt(total)
    return Estimate(centre, centre - half, centre + half, fewest)


def difference(values: Sequence[float], reference: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return Welch's difference of two means, the contrast x̄ - ȳ."""
    return contrast([(1.0, values), (-1.0, reference)], level)


def shared(comparisons: int, level: float = LEVEL) -> float:
    """The level of each of several intervals that hold all together at `level`, by Bonferroni: 1 - (1 - level) / m."""
    return 1 - (1 - level) / max(1, comparisons)


def resolve(effect: Estimate) -> str:
    """Whether a difference stands out of the noise of the seeds: its interval must leave out zero."""
    if effect.low is None or effect.high is None or effect.low <= 0 <= effect.high:
        return UNRESOLVED
    return HELPS if effect.low > 0 else HURTS
