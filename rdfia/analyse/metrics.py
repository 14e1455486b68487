"""Statistics over seeds: a mean, its interval, the difference of two runs, and the range of one new run.

Every interval here is Student's, with the level 95 % where no other is given, and treats the seeds of a run as
independent draws from one normal distribution. It speaks of the seeds alone: the split and the test images are held
fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """The mean with its interval x̄ ± t(n-1) · s / √n (Student 1908); one value alone has no interval."""
    centre, n = mean(values), len(values)
    if n < 2:
        return Estimate(centre, None, None, n)
    half = quantile(n - 1, level) * sqrt(variance(values) / n)
    return Estimate(centre, centre - half, centre + half, n)


def prediction(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Where one more run of the same kind would fall, x̄ ± t(n-1) · s · √(1 + 1/n)."""
    centre, n = mean(values), len(values)
    if n < 2:
        return Estimate(centre, None, None, n)
    half = quantile(n - 1, level) * sqrt(variance(values) * (1 + 1 / n))
    return Estimate(centre, centre - half, centre + half, n)


def difference(values: Sequence[float], reference: Sequence[float], level: float = LEVEL) -> Estimate:
    """Welch's difference of two means, d = x̄ - ȳ, with d ± t(k) · √(u + v), u = s²ₓ/n and v = s²ᵧ/m.

    The degrees of freedom are Welch and Satterthwaite's, k = (u + v)² / (u²/(n-1) + v²/(m-1)) (Welch 1947).
    There is no interval when a side has one seed, or when neither side varies at all: k is undefined then.
    """
    d, n, m = mean(values) - mean(reference), len(values), len(reference)
    if min(n, m) < 2:
        return Estimate(d, None, None, min(n, m))
    u, v = variance(values) / n, variance(reference) / m
    if u + v == 0:
        return Estimate(d, None, None, min(n, m))
    share = u / (u + v)  # the formula below, divided through by (u + v)², so that small numbers do not vanish
    degrees = 1 / (share**2 / (n - 1) + (1 - share) ** 2 / (m - 1))
    half = quantile(degrees, level) * sqrt(u + v)
    return Estimate(d, d - half, d + half, min(n, m))


def shared(comparisons: int, level: float = LEVEL) -> float:
    """The level of each of several intervals that hold all together at `level`, by Bonferroni: 1 - (1 - level) / m."""
    return 1 - (1 - level) / max(1, comparisons)


def resolve(effect: Estimate) -> str:
    """Whether a difference stands out of the noise of the seeds: its interval must leave out zero."""
    if effect.low is None or effect.high is None or effect.low <= 0 <= effect.high:
        return UNRESOLVED
    return HELPS if effect.low > 0 else HURTS
