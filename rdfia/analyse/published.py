"""The figures that five course reports print, and whether the runs that repeat them agree.

A published figure is one run of somebody else. So it is laid against the range in which one new run of ours would
fall (`metrics.prediction`), widened by what the printed figure leaves open: half a unit of its last digit, and one
point more where the report says "about". Where theirs and ours are of different examples, the two sets differ by
chance, and the range is wider by that.

The columns `epochs`, `batch_size`, `learning_rate` and `model` of published.csv hold what the report states of its
run; what it does not state is empty. `model` holds pairs `key=value` with blanks between them, as in
`embed=32 patch_size=7 blocks=2`: a key is a path below `model` in a run's recorded settings, with dots between its
parts, and a value is a number or a word. A stated value that differs from the settings rules a comparison out. A
setting of ours that is null is as the library has it, and is compared by the name of the library's model alone.

`maximum` is `yes` where the figure is the largest of a run's epochs, chosen on test data. Our test data are read once,
at the end: such a figure is compared with the largest validation accuracy of our epochs, and the verdict says how much
that choice adds.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from pathlib import Path
from typing import Any

from rdfia.analyse.changes import get_path
from rdfia.analyse.metrics import Estimate, interval, prediction
from rdfia.analyse.results import DIVERGED, LEFT_OUT, NOT_RUN, PERCENT, RunResult, Study

SOURCE = Path(__file__).with_name("published.csv")
AGREES, DIFFERS, INCOMPARABLE = "agrees", "differs", "cannot be compared"
NO_RUN = "no run yet"
ACCURACY = "test_accuracy"  # the only metric that is compared
ABOUT = 1.0  # points that "about" leaves open
COUNTS = 0.1  # points of what a print leaves open, from which on it is written out
QUICK = "quick"
TESTED = {"circles": 200, "mnist": 10_000, "cifar10": 10_000}  # examples of the published test sets
DRAWN = ("circles",)  # data sets that each study draws anew


@dataclass(frozen=True)
class Published:
    """One printed figure, what it was measured with, and the run of ours that repeats it."""

    report: str
    part: str
    experiment: str
    dataset: str
    settings: str
    metric: str
    value: str
    note: str
    run: str
    caveat: str
    epochs: str = ""
    batch_size: str = ""
    learning_rate: str = ""
    model: str = ""
    maximum: str = ""

    @property
    def number(self) -> float:
        """The figure in percent."""
        return float(self.value)

    @property
    def tolerance(self) -> float:
        """What the print leaves open, in points: half a unit of the last digit, and a point for "about"."""
        decimals = len(self.value.partition(".")[2])
        return 0.5 * 10.0**-decimals + (ABOUT if "about" in self.note else 0.0)

    @property
    def written(self) -> str:
        """The figure in words, with what the print leaves open where that counts: 80 ± 0.5, and 78.64."""
        return f"{self.value} ± {self.tolerance:g}" if self.tolerance >= COUNTS else self.value

    @property
    def stated(self) -> dict[str, str]:
        """The settings that the report states, by their dotted path in the settings of a run."""
        model = dict(pair.split("=") for pair in self.model.split())
        training = {"epochs": self.epochs, "batch_size": self.batch_size, "optimiser.learning_rate": self.learning_rate}
        cells = training | {f"model.{key}": value for key, value in model.items()}
        return {path: value for path, value in cells.items() if value}


@dataclass(frozen=True)
class Verdict:
    """The comparison of one published figure with one run of ours.

    `points` is ours minus the published, `choice` what choosing the best epoch adds to ours where both are maxima,
    `copy` the name of our data where they are a copy of the published.
    """

    published: Published
    kind: str
    reason: str = ""
    points: float = 0.0
    choice: Estimate | None = None
    copy: str = ""

    @property
    def ending(self) -> str:
        """The end of a sentence: which copy of the data ours has; of maxima, on which part, and how much it adds."""
        copy = f", ours on {self.copy}" if self.copy else ""
        if self.choice is None:
            return copy
        adds = f"choosing the best epoch adds {self.choice.mean:+.1f} points"
        return f"{copy} as a maximum over epochs: ours is on validation data, where {adds}"

    def __str__(self) -> str:
        if self.kind not in (AGREES, DIFFERS):
            return f"{self.kind}: {self.reason}" if self.reason else self.kind
        by = f" by {self.points:+.1f} points" if self.kind == DIFFERS else ""
        return f"{self.kind}{by}{self.ending}"


def read(path: Path = SOURCE) -> tuple[Published, ...]:
    """Return all published figures, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(Published(**row) for row in csv.DictReader(lines))


def figures_for(run: RunResult, figures: Iterable[Published]) -> tuple[Published, ...]:
    """Return the figures that `run` repeats."""
    return tuple(figure for figure in figures if figure.run == run.key)


def comparable_figures(study: Study, run: RunResult, figures: Iterable[Published]) -> list[Published]:
    """Return the figures that `run` repeats and may be compared with: those that may be drawn beside it."""
    return [figure for figure in figures_for(run, figures) if not obstacle(figure, run, study.profile)]


def obstacle(figure: Published, run: RunResult, profile: str) -> str:
    """Return why the two cannot be compared, empty if they can."""
    return _unusable(run) or _other_data(figure, run, profile) or _other_measurement(figure, run)


def _unusable(run: RunResult) -> str:
    """Return why the run has no result to compare."""
    if run.status == LEFT_OUT:
        return "this profile leaves our run out"
    if run.status == NOT_RUN:
        return "our run has no results"
    return f"{run.diverged} of {run.declared} seeds diverged" if run.status == DIVERGED else ""


def _other_data(figure: Published, run: RunResult, profile: str) -> str:
    """Return why the run's data or its profile forbid a comparison."""
    if run.card.stands_for != figure.dataset:
        return f"ours is on {'stand-in' if run.card.stand_in else 'other'} data, {run.card.label}"
    return "the quick profile is not made for comparison" if profile == QUICK else ""


def _other_measurement(figure: Published, run: RunResult) -> str:
    """Return what was measured otherwise: the metric, a stated setting, what the caveat says, or too few seeds."""
    if figure.metric != ACCURACY:
        return f"{figure.metric.replace('_', ' ')} is no test accuracy"
    unlike = differences(figure, run.config)
    if unlike or figure.caveat:
        return "; ".join(unlike) or figure.caveat
    measured = _measured(figure, run)
    if len(measured) > 1:
        return ""
    return "one seed gives no interval" if measured else "our run has no accuracy to compare"


def differences(figure: Published, config: Mapping[str, Any]) -> list[str]:
    """Return the stated settings that differ from a run's, as in "3 epochs, theirs 20"."""
    pairs = [(path, get_path(config, path), theirs) for path, theirs in figure.stated.items()]
    return [
        f"{_phrase(path, ours)}, theirs {theirs}"
        for path, ours, theirs in pairs
        if ours is not None and ours != _scalar(theirs)
    ]


def _scalar(cell: str) -> float | str:
    """Return a cell as a number if it is one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _phrase(path: str, value: Any) -> str:
    """Return a setting in words: "3 epochs", "batch 128", "patch size 7"."""
    if path == "epochs":
        return f"{value} epoch" if value == 1 else f"{value} epochs"
    name = path.removesuffix(".name").rpartition(".")[2].removesuffix("_size" if path == "batch_size" else "")
    return f"{name.replace('_', ' ')} {value}"


def judge(figure: Published, run: RunResult | None, profile: str) -> Verdict:
    """Return the verdict on one figure: inside the range of one new run of ours, widened by its tolerance, or not."""
    if run is None:
        return Verdict(figure, NO_RUN)
    reason = obstacle(figure, run, profile)
    if reason:
        return Verdict(figure, INCOMPARABLE, reason)
    ours = span(figure, run)
    if ours.low is None:
        return Verdict(figure, INCOMPARABLE, ours.lacking)
    kind = AGREES if _inside(figure, ours) else DIFFERS
    choice = interval([max(curve) - curve[-1] for curve in _curves(run)]) if figure.maximum else None
    copy = run.card.label if run.card.copy else ""
    return Verdict(figure, kind, points=ours.mean - figure.number, choice=choice, copy=copy)


def span(figure: Published, run: RunResult) -> Estimate:
    """Return the range of one more run of ours, in what the figure is compared with, and on as many other examples."""
    ours = prediction(_measured(figure, run), noise=run.expected("validation" if figure.maximum else "test"))
    if ours.high is None:
        return ours
    away = hypot(ours.high - ours.mean, _sampling(figure, ours.mean, run))
    return replace(ours, low=max(0.0, ours.mean - away), high=min(PERCENT, ours.mean + away))


def _measured(figure: Published, run: RunResult) -> list[float]:
    """Return what is compared with the figure, seed by seed, in percent."""
    return [max(curve) for curve in _curves(run)] if figure.maximum else list(run.test.values())


def _curves(run: RunResult) -> list[list[float]]:
    """Return the validation accuracies of each seed at the ends of its recorded epochs, in percent."""
    seeds: dict[float | None, list[float]] = defaultdict(list)
    for record in run.history:
        accuracy = record["validation_accuracy"]
        if accuracy is not None:
            seeds[record["seed"]].append(PERCENT * accuracy)
    return list(seeds.values())


def _sampling(figure: Published, accuracy: float, run: RunResult) -> float:
    """Return how far two sets of examples part by chance, 1.96 √(p (1 - p) (1/n + 1/m)), in points; 0 for one set."""
    part = "validation" if figure.maximum else "test"
    ours = run.card.counts.get(part)
    if not ours or (part == "test" and figure.dataset not in DRAWN):
        return 0.0
    share = accuracy / PERCENT
    return PERCENT * 1.96 * sqrt(share * (1 - share) * (1 / TESTED[figure.dataset] + 1 / ours))


def _inside(figure: Published, ours: Estimate) -> bool:
    """Return whether the range and the figure with its own tolerance meet."""
    if ours.low is None or ours.high is None:
        return False
    return ours.low - figure.tolerance <= figure.number <= ours.high + figure.tolerance


def verdicts(study: Study, figures: Sequence[Published]) -> tuple[Verdict, ...]:
    """Return a verdict for every figure in order."""
    return tuple(judge(figure, study.run(figure.run) if figure.run else None, study.profile) for figure in figures)
