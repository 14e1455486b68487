"""The named figures of a run, one a seed, that claims are about; and why a run has none."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from rdfia.analyse.dynamics import REACHED, SHORTEST, Curve, seed_curves
from rdfia.analyse.metrics import Noise, mean
from rdfia.analyse.noise import learnt
from rdfia.analyse.results import DIVERGED, LEFT_OUT, NOT_RUN, PERCENT, ChapterResult, RunResult, Study, distinct

Measure = Literal[
    "accuracy",
    "start_accuracy",
    "gap",
    "running_gap",
    "rise",
    "early_spread",
    "late_spread",
    "lowest_epoch",
    "reached_epoch",
    "level_epoch",
    "C_range",
]
WORDS: dict[str, tuple[str, str]] = {  # with the unit
    "accuracy": ("test accuracy", "points"),
    "start_accuracy": ("accuracy before the first step", "points"),
    "gap": ("train minus test accuracy", "points"),
    "running_gap": ("train accuracy over the last epoch's batches minus test accuracy", "points"),
    "rise": ("rise of the validation loss from its lowest", "loss"),
    "early_spread": ("spread of early epochs", "points"),
    "late_spread": ("spread of late epochs", "points"),
    "lowest_epoch": ("epoch of the lowest validation loss", "epochs"),
    "reached_epoch": (f"epochs to {PERCENT * REACHED:.0f} % of its final accuracy", "epochs"),
    "level_epoch": (f"epochs to {PERCENT * REACHED:.0f} % of the other's final accuracy", "epochs"),
    "C_range": ("largest minus smallest accuracy over C", "points"),
}


OF_ANY = ("accuracy", "start_accuracy", "C_range")  # figures that a network has too which only guesses
LATE = 0.1  # of the epochs: a lowest loss in them may not be the lowest
GUESS = 1.5  # times the accuracy of guessing: who is not above it has learnt nothing


Figures = Mapping[str, float]  # one of each seed


class UndecidableError(Exception):
    """Why a claim cannot be decided with these results, in words that end no sentence."""


@dataclass(frozen=True)
class Level:
    """A share of what another run ends with, and that run's name."""

    share: float
    run: str


class Measured:
    """The figures of a study's runs, each worked out once."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._curves: dict[str, list[Curve]] = {}
        self._noise: dict[tuple[str, str, bool], Noise] = {}

    def run(self, key: str) -> RunResult:
        """Return a run all of whose seeds ended well."""
        run = self.study.run(key)
        reason = unusable(run) if run else "no such run is declared"
        if run is None or reason:
            raise UndecidableError(f"{key}: {reason}")
        return run

    def chapter(self, run: RunResult) -> ChapterResult:
        """Return the chapter of a run."""
        return next(chapter for chapter in self.study.chapters if chapter.name == run.chapter)

    def values(self, run: RunResult, measure: str) -> list[float]:
        """Return a figure of every seed of a run, without their names."""
        return list(self.figures(run, measure).values())

    def figures(self, run: RunResult, measure: str, level: Level | None = None) -> Figures:
        """Return a figure of every seed of a run; the curve of one that learns nothing is steady, and has no gap."""
        if measure not in OF_ANY and (guessing := _guessing(run)):
            raise UndecidableError(f"{run.key}: {guessing} of {len(run.test)} seeds learn no more than to guess")
        if measure == "accuracy":
            values = run.test
        elif measure == "gap":
            values = dict(zip((seed for seed in run.train if seed in run.test), run.gaps, strict=True))
        elif measure == "running_gap":
            values = _running_gaps(run)
        elif measure == "C_range":
            return _ranges(run)
        elif measure == "level_epoch":
            return self._epochs_at(run, level)
        else:
            values = self._of_curves(run, measure)
        if not values:
            raise UndecidableError(f"{run.key}: no {WORDS[measure][0]} is recorded")
        return values

    def short(self, run: RunResult, level: Level) -> int:
        """Return how many seeds of a run never come to a level."""
        return sum(curve.epoch_at(level.share) is None for curve in self.curves(run))

    def level(self, run: RunResult) -> Level:
        """Return the level that the epochs of another run are counted to."""
        return Level(REACHED * mean([curve.validation_accuracy[-1] for curve in self.curves(run)]), run.key)

    def curves(self, run: RunResult) -> list[Curve]:
        """Return the learning curve of every seed."""
        if run.key not in self._curves:
            self._curves[run.key] = seed_curves(run.history)
        if not self._curves[run.key]:
            raise UndecidableError(f"{run.key}: no learning curves are recorded")
        return self._curves[run.key]

    def noise(self, run: RunResult, measure: str, pairs: bool = False) -> Noise:
        """Return what the chapter's runs say of how far seeds part in a figure, or in that of a run and its reference.

        A level is another for each run, and nothing is known of it.
        """
        key = (run.chapter, measure, pairs)
        if key not in self._noise:
            runs = self.chapter(run).runs
            known = {each.name: self._known(each, measure) for each in runs}
            own = distinct(runs)
            if pairs:
                both = [(known[each.name], known.get(each.reference, {}), each.reference) for each in own]
                both = [pair for pair in both if pair[0] is not pair[1] and pair[0].keys() == pair[1].keys()]
                found = learnt([apart(ours, theirs) for ours, theirs, _ in both], [reference for *_, reference in both])
            else:
                found = learnt([list(known[each.name].values()) for each in own])
            self._noise[key] = found
        return self._noise[key]

    def _known(self, run: RunResult, measure: str) -> Figures:
        """Return the figures of a run, none where it has none."""
        if not run.ran or run.searching or measure == "level_epoch":
            return {}
        try:
            return self.figures(run, measure)
        except UndecidableError:
            return {}

    def _of_curves(self, run: RunResult, measure: str) -> Figures:
        curves = self.curves(run)
        recorded = min(len(curve.epochs) - 1 for curve in curves)
        if measure.endswith("spread") and min(curve.phase for curve in curves) < SHORTEST:
            raise UndecidableError(f"{run.key}: {recorded} recorded epochs, and {2 * SHORTEST} are needed")
        return dict(zip(_seeds(run), map(attrgetter(measure), curves), strict=True))

    def _epochs_at(self, run: RunResult, level: Level | None) -> Figures:
        """Return the epoch at which each seed comes to a level, the last of one that never does."""
        if level is None:
            raise ValueError("epochs to a level need one")
        curves = self.curves(run)
        epochs = [(curve.epoch_at(level.share), curve.epochs[-1]) for curve in curves]
        return dict(zip(_seeds(run), [last if at is None else at for at, last in epochs], strict=True))


def unusable(run: RunResult) -> str:
    """Return why the figures of a run say nothing, empty if they do."""
    if run.status == LEFT_OUT:
        return "this profile leaves it out"
    if run.status == NOT_RUN:
        return "not run"
    if run.status == DIVERGED:
        return f"{run.diverged} of {run.declared} seeds diverged"
    return "" if run.test else "not evaluated"


def apart(ours: Figures, theirs: Figures) -> list[float]:
    """Return the difference of two runs over the same seeds, seed by seed."""
    return [ours[seed] - theirs[seed] for seed in ours]


def _seeds(run: RunResult) -> list[str]:
    """Return the seeds of a run's history, as its curves are ordered."""
    return [f"{seed:.0f}" for seed in dict.fromkeys(row["seed"] for row in run.history) if seed is not None]


def _running_gaps(run: RunResult) -> Figures:
    """Return what reports draw, of every seed: train accuracy over the batches of the last epoch, minus test accuracy.

    These images are altered where a run alters them, its units dropped, and its weights still move.
    """
    shares = {f"{row['seed']:.0f}": row.get("train_accuracy") for row in run.history if row["seed"] is not None}
    last = {seed: PERCENT * share for seed, share in shares.items() if share is not None}
    return {seed: last[seed] - accuracy for seed, accuracy in run.test.items() if seed in last}


def _guessing(run: RunResult) -> int:
    """Return how many seeds are hardly better than blind guesses among as many classes."""
    classes = len(run.classes or run.card.classes)
    return sum(accuracy * classes < GUESS * PERCENT for accuracy in run.test.values()) if classes > 2 else 0


def _ranges(run: RunResult) -> Figures:
    """Return max - min of the validation accuracy over C, in points, of every seed of a machine."""
    seeds: dict[str, list[float]] = defaultdict(list)
    for row in run.history:
        if row.get("C") is not None and (accuracy := row.get("validation_accuracy")) is not None:
            seeds[f"{row['seed']:.0f}"].append(PERCENT * accuracy)
    if not seeds or min(map(len, seeds.values())) < 2:
        raise UndecidableError(f"{run.key}: no accuracies over C are recorded")
    return {seed: max(values) - min(values) for seed, values in seeds.items()}


def overfits(curves: Sequence[Curve]) -> bool:
    """Whether the validation loss of every seed rises again: it was lowest before the last tenth of the epochs.

    Where it falls to the end, or only wavers there, training ended too early to say when over-fitting begins.
    """
    return all(curve.lowest_epoch <= (1 - LATE) * curve.epochs[-1] for curve in curves)
