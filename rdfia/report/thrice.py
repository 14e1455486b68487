"""One setting that a report prints several times with different figures: what the noise of seeds explains of that.

From the standard deviation s of n seeds: one more run falls in x̄ ± t(n-1) s √(1 + 1/n); the range of k runs, highest
minus lowest, is d_k s in the mean, d_3 = 3/√π ≈ 1.69 (Tippett 1925); and with s estimated from n seeds, 95 % of such
ranges are below q(k, n-1) s, with the quantile q of the studentized range (Tukey 1949).
"""

from collections import Counter
from collections.abc import Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

from rdfia.analyse.metrics import LEVEL, prediction, variance
from rdfia.analyse.published import Published, figures_for, obstacle, read
from rdfia.analyse.results import FINISHED, PERCENT, ChapterResult, RunResult, Study
from rdfia.report.engine.drawing import listed
from rdfia.report.engine.table import Cell, Column, Table

Floats = npt.NDArray[np.float64]
LEAST = 3  # figures of one report for one setting
POINTS = 2001  # of a sum that stands for an integral
COLUMNS = (Column("what", wide=True), Column("value", numeric=True), Column("how", wide=True))


def tables(study: Study) -> list[Table]:
    """A table for each chapter with a setting that one report prints three times or more."""
    printed = read()
    pairs = [(chapter, found) for chapter in study.chapters if (found := repeated(chapter, printed))]
    return [thrice(study, chapter.name, run, figures) for chapter, (run, figures) in pairs]


def repeated(chapter: ChapterResult, printed: Sequence[Published]) -> tuple[RunResult, Sequence[Published]] | None:
    """The run with the most figures of one report for one setting, and these figures."""
    found = []
    for run in (run for run in chapter.runs if run.status == FINISHED and len(run.test) > 1):
        figures = figures_for(run, printed)
        kinds = Counter((figure.report, figure.settings, figure.metric) for figure in figures)
        for kind, count in kinds.items():
            same = [figure for figure in figures if (figure.report, figure.settings, figure.metric) == kind]
            found += [(run, same)] if count >= LEAST else []
    return max(found, key=lambda pair: len(pair[1]), default=None)


def thrice(study: Study, name: str, run: RunResult, figures: Sequence[Published]) -> Table:
    """The figures of the report, then what our seeds say of a run and of several."""
    tests, numbers = list(run.test.values()), [figure.number for figure in figures]
    s, spread, k, n = sqrt(variance(tests)), max(numbers) - min(numbers), len(numbers), len(tests)
    low, high = deviation(tests)
    one = prediction(tests)
    report, sure = figures[0].report, f"{PERCENT * LEVEL:.0f} %"
    rows: list[tuple[Cell, ...]] = [
        *((f"{report}, {figure.note.partition(';')[0]}", figure.number, figure.settings) for figure in figures),
        (f"range of these {k}", spread, "highest minus lowest"),
        ("our mean", run.test_accuracy, f"{run.name}, {n} seeds, with its {sure} interval"),
        ("standard deviation s of a seed", s, f"{low:.2f} to {high:.2f} with {sure}, from χ² of n − 1"),
        ("lowest of one more run", one.low, "x̄ − t s √(1 + 1/n)"),
        ("highest of one more run", one.high, "x̄ + t s √(1 + 1/n)"),
        (f"mean range of {k} runs", expected(k) * s, f"{expected(k):.3f} s"),
        (f"{sure} of ranges of {k} runs are below", bound(k, n - 1) * s, f"{bound(k, n - 1):.2f} s"),
    ]
    return Table(f"{name}_thrice", _caption(study, run, figures, (s, spread)), COLUMNS, tuple(rows))


def deviation(values: Sequence[float]) -> tuple[float, float]:
    """The interval of a standard deviation, s √((n - 1) / χ²), with the quantiles of χ² at both ends."""
    from scipy.special import chdtri

    n, s2 = len(values), variance(values)
    high, low = (float(chdtri(n - 1, tail)) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return sqrt((n - 1) * s2 / high), sqrt((n - 1) * s2 / low)


def _cumulative(k: int, r: Floats) -> Floats:
    """P(range of k standard normals ≤ r) = k ∫ φ(z) (Φ(z) - Φ(z - r))^(k-1) dz, with z the highest."""
    from scipy.special import ndtr

    z = np.linspace(-8, 8, POINTS)
    inside = (ndtr(z) - ndtr(z - r[:, None])) ** (k - 1)
    return np.asarray(k * np.trapezoid(np.exp(-(z**2) / 2) / sqrt(2 * np.pi) * inside, z, axis=1))


def expected(k: int) -> float:
    """The mean range of k standard normals, ∫ 1 - P(range ≤ r) dr."""
    r = np.linspace(0, 12, 601)
    return float(np.trapezoid(1 - _cumulative(k, r), r))


def bound(k: int, degrees: int, level: float = LEVEL) -> float:
    """The quantile of the range of k normals over an independent estimate of their deviation (studentized range).

    P(q) = ∫ P(range ≤ q s) f(s) ds, over the density f of s = √(χ²/ν).
    """
    q = np.linspace(0, 60, 1201)
    s = np.linspace(1e-3, 5, 401)
    logs = (degrees - 1) * np.log(s) - degrees * s**2 / 2
    density = np.exp(logs - logs.max())
    r = np.linspace(0, 16, 801)
    shares = np.interp(q[:, None] * s, r, _cumulative(k, r), right=1.0)
    total = np.trapezoid(shares * density, s, axis=1) / np.trapezoid(density, s)
    return float(np.interp(level, total, q))


def _caption(study: Study, run: RunResult, figures: Sequence[Published], noise: tuple[float, float]) -> str:
    """What is laid beside what, and whether the seeds explain it."""
    s, spread = noise
    k, n = len(figures), len(run.test)
    said = listed([f"{figure.value} %" for figure in figures])
    return (
        f"{figures[0].report} prints one setting {k} times, with {said}. Ours is {run.name} with {n} seeds, which "
        f"differ in their first weights and in the order of their batches, on one train set and one test set. Look at "
        f"the range of the {k} figures, {spread:.2f} points, beside the standard deviation of a seed, {s:.2f}. "
        f"{_verdict(study, run, figures, noise)}"
    )


def _verdict(study: Study, run: RunResult, figures: Sequence[Published], noise: tuple[float, float]) -> str:
    """What seeds explain of the printed range, where it may be judged; else what they would explain of ours."""
    s, spread = noise
    k = len(figures)
    most = bound(k, len(run.test) - 1) * s
    rule = f"seeds alone part {k} runs by {expected(k) * s:.2f} points in the mean and, at {PERCENT * LEVEL:.0f} %, by "
    rule += f"at most {most:.2f}"
    reason = obstacle(figures[0], run, study.profile)
    if reason:
        return f"On {run.card.label}, {rule}. The printed figures are shown and not judged: {reason}."
    if spread > most:
        outside = f"{spread / s:.1f} standard deviations" if s else "more than none at all"
        return (
            f"Here {rule}: chance of seeds does not explain a range of {outside}. Something else differed between the "
            "printed runs that the print does not say."
        )
    return f"Here {rule}: the printed range is within what seeds do, and ranking settings by such figures is chance."
