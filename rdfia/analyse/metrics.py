"""Statistics over seeds: a mean, its interval, the difference of two runs, and the range of one new run.

Every interval here is Student's, with the level 95 % where no other is given, and treats the seeds of a run as
independent draws from one normal distribution. It speaks of the seeds alone: the split and the test images are held
fixed. Two or three seeds say little of their own variance; what other runs of a chapter say of it is a `Noise`.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt

LEVEL = 0.95
FEWEST = 3  # values of a setting, to speak of a trend, and runs, to speak of what is common
EQUAL = 1e-9  # figures that lie no farther apart differ by rounding alone
HELPS, HURTS, SAME, UNRESOLVED = "helps", "hurts", "the same", "not resolved"
Point = tuple[Hashable, float, Sequence[float]]  # what else is alike, a setting, and the figures of its seeds


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `low` and `high` are None where the seeds cannot give one."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def lacking(self) -> str:
        """Why there is no interval."""
        if self.seeds < 2:
            return "one seed gives no interval"
        return f"{'both' if self.seeds == 2 else f'all {self.seeds}'} seeds give the same, and no interval"


@dataclass(frozen=True)
class Noise:
    """A variance that is expected of the seeds of any run, as if so many further degrees of freedom had shown it.

    `most` are the degrees of freedom of all that it was learnt from, a run's own among them.
    """

    variance: float = 0.0
    degrees: float = 0.0
    most: float = inf

    def beside(self, own: float) -> float:
        """Return the degrees of freedom of a run's variance that has its own and is averaged with this one."""
        return max(own, min(self.degrees + own, self.most))


UNKNOWN = Noise()


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, x̄ = Σ xᵢ / n."""
    return sum(values) / len(values)


def varies(values: Sequence[float]) -> bool:
    """Return whether values differ by more than rounding."""
    return max(values) - min(values) > EQUAL * max(1.0, *map(abs, values))


def variance(values: Sequence[float]) -> float:
    """The unbiased sample variance, s² = Σ (xᵢ - x̄)² / (n - 1); 0 of equal values, however their mean is rounded."""
    if not varies(values):
        return 0.0
    centre = mean(values)
    return sum((value - centre) ** 2 for value in values) / (len(values) - 1)


def spread(values: Sequence[float], noise: Noise = UNKNOWN) -> tuple[float, float]:
    """The variance (k₀ s₀² + k s²) / (k₀ + k) of seeds with k = n - 1 degrees of freedom, and k₀ + k (Smyth 2004).

    These are no more than all that the noise was learnt from.
    """
    own = len(values) - 1
    squared = (noise.degrees * noise.variance + own * variance(values)) / (noise.degrees + own)
    return squared, noise.beside(own)


def quantile(degrees: float, level: float = LEVEL) -> float:
    """Student's t that leaves (1 - level) / 2 above itself; the degrees of freedom need not be whole."""
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    return float(stdtrit(degrees, (1 + level) / 2))


def interval(values: Sequence[float], level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate:
    """The mean with its interval x̄ ± t(k) · s / √n (Student 1908), see `spread`.

    One value alone has no interval, and neither have equal ones of which no noise is known: one of no width would read
    as certainty.
    """
    return _around(values, 1 / len(values), level, noise)


def prediction(values: Sequence[float], level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate:
    """Where one more run of the same kind would fall, x̄ ± t(k) · s · √(1 + 1/n)."""
    return _around(values, 1 + 1 / len(values), level, noise)


def _around(values: Sequence[float], factor: float, level: float, noise: Noise) -> Estimate:
    """The mean x̄ ± t(k) · √(factor · s²)."""
    centre, n = mean(values), len(values)
    if n < 2 or (noise == UNKNOWN and not varies(values)):
        return Estimate(centre, None, None, n)
    squared, degrees = spread(values, noise)
    half = quantile(degrees, level) * sqrt(factor * squared)
    return Estimate(centre, centre - half, centre + half, n)


def bounded(estimate: Estimate, low: float, high: float) -> Estimate:
    """Return an estimate whose interval is cut to what is possible: it holds the truth as often as before."""
    if estimate.low is None or estimate.high is None:
        return estimate
    return replace(estimate, low=max(estimate.low, low), high=min(estimate.high, high))


def shifted(estimate: Estimate, by: float) -> Estimate:
    """Return an estimate of a figure that is larger by so much."""
    low, high = (None if end is None else end + by for end in (estimate.low, estimate.high))
    return Estimate(estimate.mean + by, low, high, estimate.seeds)


def contrast(parts: Sequence[tuple[float, Sequence[float]]], level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate:
    """Return Σ cᵢ x̄ᵢ of independent runs with the interval ± t · √Σ vᵢ, where vᵢ = cᵢ² sᵢ²/nᵢ with sᵢ² of `spread`.

    Where no noise is known, t is t(k) with Welch and Satterthwaite's k = (Σ vᵢ)² / Σ vᵢ²/kᵢ (Welch 1947, Satterthwaite
    1946), which takes the sᵢ² for independent. Where each is averaged with what is expected of all, it would count that
    again for each run, so t is Cochran's Σ vᵢ t(kᵢ) / Σ vᵢ (Cochran 1964). There is no interval where a run has one
    seed or where none varies at all.
    """
    centre, fewest = sum(c * mean(values) for c, values in parts), min(len(values) for _, values in parts)
    spreads = [(c**2 / len(values), *spread(values, noise)) for c, values in parts] if fewest > 1 else []
    total = sum(factor * squared for factor, squared, _ in spreads)
    if total == 0:
        return Estimate(centre, None, None, fewest)
    shares = [(factor * squared / total, degrees) for factor, squared, degrees in spreads]  # so that none vanishes
    if noise == UNKNOWN:
        t = quantile(1 / sum(share**2 / degrees for share, degrees in shares), level)
    else:
        t = sum(share * quantile(degrees, level) for share, degrees in shares)
    half = t * sqrt(total)
    return Estimate(centre, centre - half, centre + half, fewest)


def difference(
    values: Sequence[float], reference: Sequence[float], level: float = LEVEL, noise: Noise = UNKNOWN
) -> Estimate:
    """Return Welch's difference of two means, the contrast x̄ - ȳ."""
    return contrast([(1.0, values), (-1.0, reference)], level, noise)


def shared(comparisons: int, level: float = LEVEL) -> float:
    """The level of each of several intervals that hold all together at `level`, by Bonferroni: 1 - (1 - level) / m."""
    return 1 - (1 - level) / max(1, comparisons)


def resolve(effect: Estimate) -> str:
    """Whether a difference stands out of the noise of the seeds: its interval must leave out zero.

    Where every seed of two runs comes to the same there is no interval to look at.
    """
    if effect.low is None and effect.seeds > 1 and effect.mean == 0:
        return SAME
    if effect.low is None or effect.high is None or effect.low <= 0 <= effect.high:
        return UNRESOLVED
    return HELPS if effect.low > 0 else HURTS


def smallest(estimates: Sequence[Estimate]) -> Estimate:
    """Return the smallest of several differences, from intervals that hold together.

    Where each lies in its own, the smallest lies between the smallest of the lower and of the upper ends.
    """
    lows = [each.low for each in estimates if each.low is not None]
    highs = [each.high for each in estimates if each.high is not None]
    whole = len(lows) == len(highs) == len(estimates)
    least, seeds = min(each.mean for each in estimates), min(each.seeds for each in estimates)
    return Estimate(least, min(lows) if whole else None, min(highs) if whole else None, seeds)


def ratio(time: float, other: float, alike: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the ratio of two times, each measured once: exp(log a - log b ± t(n - 1) · s √2).

    s is the deviation of the logarithms of `alike`, times of n other runs of as much work; too few give none.
    """
    centre = log(time / other)
    if len(alike) < FEWEST or not varies(alike):
        return Estimate(exp(centre), None, None, 1)
    half = quantile(len(alike) - 1, level) * sqrt(2 * variance([log(each) for each in alike]))
    return Estimate(exp(centre), exp(centre - half), exp(centre + half), 1)


def trend(points: Sequence[Point], level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate | None:
    """Return the slope of a figure along a setting, by least squares among points that are alike in all else.

    Σ (x - x̄) ȳ / Σ (x - x̄)², with x̄ the mean of the points that are alike. It is a contrast of the points' means, and
    its interval speaks of their seeds: a line need not be what the points lie on. None where no setting differs.
    """
    centres = {
        alike: mean([x for other, x, _ in points if other == alike]) for alike in {alike for alike, *_ in points}
    }
    away = [(x - centres[alike], values) for alike, x, values in points]
    square = sum(distance**2 for distance, _ in away)
    if square == 0:
        return None
    return contrast([(distance / square, values) for distance, values in away if distance], level, noise)
