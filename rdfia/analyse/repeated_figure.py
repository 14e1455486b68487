"""One setting that a report prints several times with different figures: what the noise of seeds explains of that.

From the standard deviation s of n seeds: one more run falls in x̄ ± t(n-1) s √(1 + 1/n); the range of k runs, highest
minus lowest, is d_k s in the mean, d_3 = 3/√π ≈ 1.69 (Tippett 1925); and with s estimated from n seeds, 95 % of such
ranges are below q(k, n-1) s, with the quantile q of the studentized range (Tukey 1949).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rdfia.analyse.metrics import LEVEL, variance
from rdfia.analyse.published import Published, of
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult

LEAST = 3  # figures of one report for one setting


@dataclass(frozen=True)
class RepeatedFigure:
    """A run of ours beside several figures that one report prints for its setting."""

    run: RunResult
    figures: tuple[Published, ...]

    @property
    def tests(self) -> list[float]:
        """Test accuracy of each seed of ours."""
        return list(self.run.test.values())

    @property
    def printed_range(self) -> float:
        """The highest printed figure minus the lowest."""
        numbers = [figure.number for figure in self.figures]
        return max(numbers) - min(numbers)

    @property
    def deviation(self) -> float:
        """The standard deviation s of a seed."""
        return sqrt(variance(self.tests))

    @property
    def mean_range(self) -> float:
        """The mean range of so many runs that differ in their seeds alone, d_k s."""
        return mean_range(len(self.figures)) * self.deviation

    @property
    def highest_range(self) -> float:
        """The bound below which 95 % of such ranges lie, q(k, n-1) s."""
        return range_quantile(len(self.figures), len(self.tests) - 1) * self.deviation


def repeated_figure(chapter: ChapterResult, printed: Sequence[Published]) -> RepeatedFigure | None:
    """Return the run with the most figures of one report for one setting, and these figures."""
    repeated: dict[tuple[str, ...], RepeatedFigure] = {}
    for run in (run for run in chapter.runs if run.status == FINISHED and len(run.test) > 1):
        for figure in of(run, printed):
            key = (run.name, figure.report, figure.settings, figure.metric)
            before = repeated[key].figures if key in repeated else ()
            repeated[key] = RepeatedFigure(run, (*before, figure))
    enough = [each for each in repeated.values() if len(each.figures) >= LEAST]
    return max(enough, key=lambda each: len(each.figures), default=None)


def deviation_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the interval of a standard deviation, s √((n - 1) / χ²), with the quantiles of χ² at both ends."""
    from scipy.special import chdtri

    n, s2 = len(values), variance(values)
    high, low = (float(chdtri(n - 1, tail)) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return sqrt((n - 1) * s2 / high), sqrt((n - 1) * s2 / low)


def mean_range(k: int) -> float:
    """Return the mean range of k standard normals, d_k = ∫ 1 - Φ(z)^k - (1 - Φ(z))^k dz (Tippett 1925)."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    return float(quad(lambda z: 1 - ndtr(z) ** k - ndtr(-z) ** k, -10, 10)[0])


def range_quantile(k: int, degrees: int, level: float = LEVEL) -> float:
    """Return the quantile of the range of k normals over an independent estimate of their deviation."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(level, k, degrees))
