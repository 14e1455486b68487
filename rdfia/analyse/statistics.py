"""The few named statistics that decide claims: each a strict class that says its runs and gives its interval."""

import json
from collections import Counter
from collections.abc import Sequence
from math import log2
from typing import Annotated, Any, Literal

from pydantic import Field

from rdfia.analyse.changes import get_path
from rdfia.analyse.dynamics import REACHED
from rdfia.analyse.groups import groups
from rdfia.analyse.measures import WORDS, Level, Measure, Measured, UndecidableError, apart, overfits, unusable
from rdfia.analyse.metrics import (
    FEWEST,
    Estimate,
    contrast,
    difference,
    interval,
    mean,
    ratio,
    shared,
    shifted,
    smallest,
    trend,
)
from rdfia.analyse.results import PERCENT, RunResult
from rdfia.config import Config, listed

Run = Annotated[str, Field(pattern=r"^[a-z0-9_]+/[a-z0-9_]+$")]
Pair = Annotated[tuple[Run, Run], listed]


class OfMeasure(Config):
    """What the statistics of one of the named figures have in common."""

    of: Measure

    @property
    def unit(self) -> str:
        """The unit of the figure."""
        return WORDS[self.of][1]

    def between(
        self, known: Measured, runs: tuple[RunResult, RunResult], level: float, to: Level | None = None
    ) -> Estimate:
        """Return the mean of the first run minus that of the second: seed by seed where both have the same seeds."""
        ours, theirs = (known.figures(run, self.of, to) for run in runs)
        data = {run.record.data.get("sha256") for run in runs}
        if ours.keys() == theirs.keys() and len(data) == 1:
            return interval(apart(ours, theirs), level, known.noise(runs[0], self.of, pairs=True))
        return difference(list(ours.values()), list(theirs.values()), level, known.noise(runs[0], self.of))


class Difference(OfMeasure):
    """The mean of the first run minus that of the second, less the figure `minus` that a report prints of it.

    Student's interval of the differences seed by seed holds whether or not a seed moves both runs alike; where the
    runs have other seeds, each seed is by itself, and the interval is Welch's.
    """

    name: Literal["difference"] = "difference"
    runs: Pair
    minus: float = 0

    def __str__(self) -> str:
        return f"{WORDS[self.of][0]}, {self.runs[0]} − {self.runs[1]}{_less(self.minus)}"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return the difference; of epochs of the lowest loss there is none before that of the second rises."""
        first, second = map(known.run, self.runs)
        if self.of == "lowest_epoch":
            _check_overfits(known, second)
        to = known.level(second) if self.of == "level_epoch" else None
        found = shifted(self.between(known, (first, second), level, to), -self.minus)
        if to is not None:
            _check_reached(known, (first, second), to, found)
        return found


class Best(OfMeasure):
    """The smallest difference of the first run to each of the others; their intervals hold together (Bonferroni)."""

    name: Literal["best"] = "best"
    runs: Annotated[tuple[Run, ...], listed] = Field(min_length=2)

    def __str__(self) -> str:
        return f"{WORDS[self.of][0]}, {self.runs[0]} − the nearest of {', '.join(self.runs[1:])}"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return the smallest difference."""
        first, *others = map(known.run, self.runs)
        each = shared(len(others), level)
        return smallest([self.between(known, (first, other), each) for other in others])


class Value(OfMeasure):
    """The mean of one run, less the figure `minus` that a report prints of it."""

    name: Literal["value"] = "value"
    runs: Annotated[tuple[Run], listed]
    minus: float = 0

    def __str__(self) -> str:
        return f"{WORDS[self.of][0]}, {self.runs[0]}{_less(self.minus)}"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return the mean."""
        run = known.run(self.runs[0])
        if self.of == "lowest_epoch":
            _check_overfits(known, run)
        return shifted(interval(known.values(run, self.of), level, known.noise(run, self.of)), -self.minus)


class Ratio(Config):
    """The training time of the first run over that of the second, each measured once.

    How far times part by chance is taken from other runs of the second's group that do as much work on such a machine.
    Their settings part them too, so the interval is rather too wide.
    """

    name: Literal["ratio"] = "ratio"
    runs: Pair

    def __str__(self) -> str:
        return f"training time, {self.runs[0]} / {self.runs[1]}"

    @property
    def unit(self) -> str:
        """The unit of a ratio."""
        return "times"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return the ratio."""
        first, second = map(known.run, self.runs)
        for run in (first, second):
            if not run.timing.get("training_seconds"):
                raise UndecidableError(f"{run.key}: no training time is recorded")
        if _work(first) != _work(second):
            raise UndecidableError(f"{first.key} and {second.key} do other work, or ran on other machines")
        group = [run for run in known.chapter(second).runs if run.group == second.group and not unusable(run)]
        alike = [run for run in group if run not in (first, second) and _work(run) == _work(second)]
        times = [_seconds(run) for run in alike if run.timing.get("training_seconds")]
        found = ratio(_seconds(first), _seconds(second), times, level)
        if found.low is None:
            few = f"fewer than {FEWEST} other runs of its group did as much work"
            why = few if len(times) < FEWEST else "all other runs of its group took one time"
            raise UndecidableError(f"{second.key}: {why}")
        return found


class Trend(OfMeasure):
    """The slope of a figure along a setting in a group of runs, among runs that are alike in all else.

    `doubling` counts the setting in powers of two. `best_over` takes, at each value of the setting, the run that is
    best by validation over another setting; a value at which one run alone ended well has no best, and is left out.
    """

    name: Literal["trend"] = "trend"
    group: Annotated[str, Field(pattern=r"^[a-z0-9_]+/[a-z0-9_ ]+$")]
    along: str
    doubling: bool = False
    best_over: str | None = None

    def __str__(self) -> str:
        best = f", each at its best {_short(self.best_over)}" if self.best_over else ""
        return f"{WORDS[self.of][0]} along {_short(self.along)} in {self.group}{best}"

    @property
    def unit(self) -> str:
        """The unit of the slope."""
        return f"{WORDS[self.of][1]} a {'doubling' if self.doubling else 'unit'}"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return the slope over those of the group's runs that ended well."""
        chapter, _, name = self.group.partition("/")
        found = [each for c in known.study.chapters if c.name == chapter for each in groups(c) if each.name == name]
        tried = [run for each in found for run in each.runs]
        runs = [run for run in tried if not unusable(run) and self._place(run) is not None]
        if tried and not runs:
            raise UndecidableError(f"{self.group}: {unusable(tried[-1])}")
        chosen = self._best(runs) if self.best_over else runs
        points = [(self._else(run), self._place(run) or 0.0, known.values(run, self.of)) for run in chosen]
        slope = trend(points, level, known.noise(chosen[0], self.of)) if chosen else None
        if slope is None:
            raise UndecidableError(f"{self.group}: no runs with results differ in {_short(self.along)} alone")
        settings = {(other, place) for other, place, _ in points}
        alike = Counter(other for other, _ in settings)
        if len({place for other, place in settings if alike[other] > 1}) < FEWEST:
            raise UndecidableError(f"{self.group}: a trend needs {FEWEST} values of {_short(self.along)}")
        return slope

    def _place(self, run: RunResult) -> float | None:
        """Return the setting of a run as a number, None where it is none."""
        value = get_path(run.config, self.along)
        if isinstance(value, bool) or not isinstance(value, int | float) or (self.doubling and value <= 0):
            return None
        return log2(value) if self.doubling else float(value)

    def _else(self, run: RunResult) -> str:
        """Return all other settings of a run."""
        settings = json.loads(json.dumps(run.config, default=str))
        for key in filter(None, (self.along, self.best_over)):
            node, _, last = key.rpartition(".")
            (get_path(settings, node) if node else settings).pop(last, None)
        return json.dumps(settings, sort_keys=True)

    def _best(self, runs: Sequence[RunResult]) -> list[RunResult]:
        """Return at each value of the setting the run that is best by validation."""
        tried = Counter(map(self._place, runs))
        chosen = {self._place(run): run for run in sorted(runs, key=lambda run: mean(run.validated))}
        return [run for place, run in chosen.items() if tried[place] > 1]


class BeyondSum(OfMeasure):
    """What the first run has beyond the sum of what the others have alone, each against the second (`additivity`)."""

    name: Literal["beyond_sum"] = "beyond_sum"
    runs: Annotated[tuple[Run, ...], listed] = Field(min_length=4)

    def __str__(self) -> str:
        together, reference, *alone = self.runs
        return f"{WORDS[self.of][0]}, {together} − {reference} beyond the sum of {', '.join(alone)}"

    def estimate(self, known: Measured, level: float) -> Estimate:
        """Return x̄ₜ - x̄₀ - Σᵢ (x̄ᵢ - x̄₀)."""
        together, reference, *alone = map(known.run, self.runs)
        factors = [(1.0, together), (len(alone) - 1.0, reference), *((-1.0, run) for run in alone)]
        parts = [(factor, known.values(run, self.of)) for factor, run in factors]
        return contrast(parts, level, known.noise(together, self.of))


Statistic = Annotated[Difference | Best | Value | Ratio | Trend | BeyondSum, Field(discriminator="name")]


def names(statistic: Statistic) -> tuple[str, ...]:
    """Return the runs that decide it, or the group of runs."""
    return (statistic.group,) if isinstance(statistic, Trend) else tuple(statistic.runs)


def _less(figure: float) -> str:
    """Return what is taken off, in words; nothing where that is nothing."""
    return f" − {figure:g}" if figure else ""


def _check_overfits(known: Measured, run: RunResult) -> None:
    """Refuse the epoch of the lowest loss of a run whose loss had not risen again."""
    if not overfits(known.curves(run)):
        raise UndecidableError(f"{run.key}: too few epochs, its validation loss had not risen by the last")


def _check_reached(known: Measured, runs: tuple[RunResult, RunResult], to: Level, found: Estimate) -> None:
    """Refuse epochs to a level that a seed never reaches, unless they say the least that can be: that it takes longer.

    Such a seed counts with its last epoch, and would be found later still.
    """
    for run in runs:
        never = known.short(run, to)
        later = run is runs[0] and found.low is not None and found.low > 0
        if never and not later:
            share = f"{PERCENT * REACHED:.0f} % of what {to.run} ends with"
            raise UndecidableError(f"{run.key}: {never} of {len(known.curves(run))} seeds never reach {share}")


def _seconds(run: RunResult) -> float:
    return float(run.timing["training_seconds"])


def _work(run: RunResult) -> tuple[Any, ...]:
    """Return what a training time goes with: the work that is done, and the machine."""
    machine = run.timing.get("machine", {})
    settings = [run.config.get(key) for key in ("epochs", "batch_size", "sample", "patience")]
    return (run.flops, run.declared, *settings, *(machine.get(key) for key in ("device", "precision", "processor")))


def _short(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")
