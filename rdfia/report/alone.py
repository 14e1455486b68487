"""Each improvement by itself, their sum, and all of them together: whether they add up.

The effects of k runs on one reference share its seeds, so that their sum is no sum of independent draws. It is the
contrast Σᵢ x̄ᵢ - k x̄₀ of means that are, with the variance Σᵢ sᵢ²/nᵢ + k² s₀²/n₀. So is what all together have beyond
the sum, x̄ₜ - x̄₀ - (Σᵢ x̄ᵢ - k x̄₀) = x̄ₜ - Σᵢ x̄ᵢ + (k - 1) x̄₀.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rdfia.analyse.changes import at, same
from rdfia.analyse.metrics import HELPS, HURTS, LEVEL, Estimate, mean, quantile, resolve, variance
from rdfia.analyse.results import FINISHED, PERCENT, ChapterResult, RunResult, Study
from rdfia.report.effects import COLOURS, corrected, dot, legend, rows
from rdfia.report.engine.drawing import GREEN, INK, MUTED, ORANGE, Drawing, finish, listed, panels
from rdfia.report.engine.table import Cell, Column, Table

ALONE, TOGETHER = "alone", "together"  # the groups
BEYOND = {HELPS: "more than the sum", HURTS: "less than the sum"}
LEAST = 2  # improvements that have a sum
ROW = 0.3  # inches for one line
COLUMNS = (
    Column("what", code=True),
    Column("title", wide=True),
    Column("effect", "points", signed=True, numeric=True),
    Column("verdict"),
)


@dataclass(frozen=True)
class Sum:
    """Improvements of one reference by themselves, what they sum to, and each run of all together."""

    chapter: ChapterResult
    reference: RunResult
    alone: tuple[RunResult, ...]
    together: tuple[RunResult, ...]

    @property
    def total(self) -> Estimate:
        """Σᵢ x̄ᵢ - k x̄₀."""
        return contrast([*((1.0, run) for run in self.alone), (-float(len(self.alone)), self.reference)])

    def effect(self, run: RunResult) -> Estimate:
        """x̄ₜ - x̄₀."""
        return contrast([(1.0, run), (-1.0, self.reference)])

    def beyond(self, run: RunResult) -> Estimate:
        """x̄ₜ - Σᵢ x̄ᵢ + (k - 1) x̄₀."""
        each = [(-1.0, other) for other in self.alone]
        return contrast([(1.0, run), *each, (len(self.alone) - 1.0, self.reference)])


def found(chapter: ChapterResult) -> Sum | None:
    """The chapter's improvements that end well, on the reference that most of them have; None where these are few."""
    runs = [run for run in chapter.runs if run.group == ALONE and chapter.effect(run) is not None]
    together = tuple(run for run in chapter.runs if run.group == TOGETHER and run.status == FINISHED and run.test)
    names = Counter(run.reference for run in runs).most_common(1)
    reference = chapter.run(names[0][0]) if names else None
    if reference is None or not together:
        return None
    own = [run for run in runs if run.reference == reference.name]
    chosen = [*_others(chapter, reference, own, together[0]), *own]
    return Sum(chapter, reference, tuple(chosen), together) if len(chosen) >= LEAST else None


def _others(
    chapter: ChapterResult, reference: RunResult, own: Sequence[RunResult], together: RunResult
) -> list[RunResult]:
    """Runs of other groups that do to the reference, each by itself, what all together do and none of `own` does."""
    left = set(together.delta) - {key for run in own for key in run.delta}
    near = [run for run in chapter.runs if run.reference == reference.name and run.group not in (ALONE, TOGETHER)]
    alike = [run for run in near if run.delta and set(run.delta) <= left and chapter.effect(run) is not None]
    return [run for run in alike if all(same(at(run.config, k), at(together.config, k)) for k in run.delta)]


def contrast(parts: Sequence[tuple[float, RunResult]]) -> Estimate:
    """Σ cᵢ x̄ᵢ with Welch's interval: variance Σ vᵢ, vᵢ = cᵢ² sᵢ²/nᵢ, and (Σ vᵢ)² / Σ vᵢ²/(nᵢ - 1) degrees of freedom.

    (Welch 1947, Satterthwaite 1946.) None where one run has a single seed, or nothing varies.
    """
    tests = [(factor, list(run.test.values())) for factor, run in parts]
    centre, fewest = sum(c * mean(values) for c, values in tests), min(len(values) for _, values in tests)
    if fewest < 2:
        return Estimate(centre, None, None, fewest)
    each = [(c**2 * variance(values) / len(values), len(values)) for c, values in tests]
    total = sum(v for v, _ in each)
    if total == 0:
        return Estimate(centre, None, None, fewest)
    degrees = 1 / sum((v / total) ** 2 / (n - 1) for v, n in each)
    half = quantile(degrees) * sqrt(total)
    return Estimate(centre, centre - half, centre + half, fewest)


def tables(study: Study) -> list[Table]:
    """A table for each chapter that has both groups."""
    return [_table(chapter.name, over) for chapter in study.chapters if (over := found(chapter)) is not None]


def draw(chapter: ChapterResult) -> list[Drawing]:
    """A line for each improvement, and below these their sum, all together, and what lies between."""
    over = found(chapter)
    if over is None:
        return []
    lines = _lines(over)
    figure, (axis,) = panels(1, 1, ROW * len(lines) + 0.6)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.axhline(len(over.alone) - 0.5, color=MUTED, linewidth=0.8, linestyle=":")
    for place, (_, _, effect, _) in enumerate(lines):
        dot(axis, place, effect, COLOURS.get(resolve(effect), MUTED))
    rows(axis, [name for name, *_ in lines], f"difference to {over.reference.name} in test accuracy (points)")
    legend(axis, ("helps, or more than the sum", GREEN), 0, ("hurts, or less", ORANGE), ("not resolved", MUTED))
    alt = f"Dot plot of {len(over.alone)} improvements by themselves, of their sum and of all together. {_told(over)}"
    return [finish(figure, f"{chapter.name}_additive", _caption(over), alt)]


Row = tuple[str, str, Estimate, str]


def _lines(over: Sum) -> list[Row]:
    """Names, titles, effects and verdicts: each by itself, the sum, all together, and the difference of both."""
    single = [(run, effect) for run in over.alone if (effect := over.chapter.effect(run)) is not None]
    lines = [(run.name, run.title, effect, resolve(effect)) for run, effect in single]
    lines.append(("sum", f"{len(single)} effects added up", over.total, resolve(over.total)))
    for run in over.together:
        effect, beyond = over.effect(run), over.beyond(run)
        lines.append((run.name, run.title, effect, resolve(effect)))
        lines.append((f"{run.name} - sum", "what is beyond the sum", beyond, _verdict(beyond)))
    return lines


def _verdict(beyond: Estimate) -> str:
    return BEYOND.get(resolve(beyond), "no difference resolved")


def _table(chapter: str, over: Sum) -> Table:
    """The lines of the figure as numbers."""
    cells: tuple[tuple[Cell, ...], ...] = tuple(_lines(over))
    return Table(f"{chapter}_additive", _caption(over), COLUMNS, cells)


def _caption(over: Sum) -> str:
    """What stands where, how the intervals are made, and whether improvements add up."""
    count, whole = len(over.alone), f"{PERCENT * LEVEL:g} %"
    level = corrected([over.chapter.comparisons(run) for run in over.alone])
    return (
        f"Each of {count} improvements by itself, as its difference to {over.reference.name}, with Welch's interval"
        f"{level}; then their sum, all together, and the difference of both, each at {whole}. The {count} effects "
        f"share the seeds of {over.reference.name}, so that its variance counts {count**2} times in that of the sum. "
        f"{_told(over)}"
    )


def _told(over: Sum) -> str:
    """Whether they add up."""
    total = over.total.mean
    said = [
        f"{run.name} gains {over.effect(run).mean:+.2f} points, {_judged(over.beyond(run))}" for run in over.together
    ]
    return f"Look at the last lines: by themselves they sum to {total:+.2f} points; {listed(said)}."


def _judged(beyond: Estimate) -> str:
    word = BEYOND.get(resolve(beyond))
    if word is None:
        return f"{beyond.mean:+.2f} from the sum, which these seeds do not tell from adding up"
    return f"{word} by {abs(beyond.mean):.2f}: they do not simply add up"
