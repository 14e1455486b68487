"""What the learning curves of a run say, as numbers: where it starts, how it learns, where it over-fits.

Every figure is computed for each seed from its recorded epochs e = 0, e₁, …, E (epoch 0 is before the first step),
then over the seeds with its interval. L is a loss and A an accuracy as a share; `running` averages over the batches of
an epoch while the weights move, `frozen` is the train set and `validation` the rest under the weights of its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, sqrt

from rdfia.analyse.metrics import Estimate, bounded, interval, variance
from rdfia.analyse.results import FINISHED, PERCENT, RunResult, accuracy

LAST = 10  # recorded epochs over which an accuracy's wobble is measured
PHASE, SHORTEST = 10, 4  # recorded epochs of an early or a late phase: at most, and at least
REACHED = 0.95  # of the final validation accuracy
Record = dict[str, float | None]


@dataclass(frozen=True)
class Curve:
    """One seed's recorded epochs in order, the first of them before any step, and its figures."""

    epochs: tuple[float, ...]
    running_loss: tuple[float, ...]  # nothing is known of it before the first step: one shorter than the others
    frozen_loss: tuple[float, ...]
    frozen_accuracy: tuple[float, ...]
    validation_loss: tuple[float, ...]
    validation_accuracy: tuple[float, ...]

    @property
    def sound(self) -> bool:
        """Whether a step was recorded, and every figure is a finite number."""
        known = (self.running_loss, self.frozen_loss, self.frozen_accuracy, self.validation_loss)
        values = [value for figures in (*known, self.validation_accuracy) for value in figures]
        return len(self.epochs) > 1 and self.epochs[0] == 0 and all(map(isfinite, values))

    @property
    def start_accuracy(self) -> float:
        """100 A_validation(0), in percent; guessing one of c balanced classes gives 100 / c."""
        return PERCENT * self.validation_accuracy[0]

    @property
    def start_loss(self) -> float:
        """L_validation(0); the share 1 / c for each of c classes costs -ln(1 / c) = ln c."""
        return self.validation_loss[0]

    @property
    def first_running(self) -> float:
        """L_running(e₁) = Σ_b n_b L(θ_b; batch b) / Σ_b n_b, with θ_b the weights that batch b was met with."""
        return self.running_loss[0]

    @property
    def first_frozen(self) -> float:
        """L_frozen(e₁) = L(θ; train), with θ the weights at the end of the epoch."""
        return self.frozen_loss[1]

    @property
    def first_validation(self) -> float:
        """L_validation(e₁) = L(θ; validation).

        It lies below the running loss by L_running - L_validation = (L_running - L_frozen) + (L_frozen - L_validation):
        what the step from a moving to a frozen network gives, less the gap between train and validation.
        """
        return self.validation_loss[1]

    @property
    def lowest_epoch(self) -> float:
        """e* = argmin_e L_validation(e), the first such epoch."""
        return self.epochs[self.validation_loss.index(min(self.validation_loss))]

    @property
    def rise(self) -> float:
        """L_validation(E) - L_validation(e*), never below zero."""
        return self.validation_loss[-1] - min(self.validation_loss)

    @property
    def gap(self) -> float:
        """100 (A_frozen(E) - A_validation(E)), in points."""
        return PERCENT * (self.frozen_accuracy[-1] - self.validation_accuracy[-1])

    @property
    def wobble(self) -> float | None:
        """s = 100 √(Σ (A_e - Ā)² / (n - 1)), in points, A_e validation accuracy at the last n = `LAST` recorded epochs.

        A shorter run has fewer, never epoch 0; a single epoch has no deviation. A trend in these epochs counts too.
        """
        accuracies = self.validation_accuracy[1:][-LAST:]
        return PERCENT * sqrt(variance(accuracies)) if len(accuracies) > 1 else None

    @property
    def reached_epoch(self) -> float:
        """The smallest recorded e with A_validation(e) ≥ `REACHED` · A_validation(E)."""
        pairs = zip(self.epochs, self.validation_accuracy, strict=True)
        return next(epoch for epoch, accuracy in pairs if accuracy >= REACHED * self.validation_accuracy[-1])

    def epoch_at(self, share: float) -> float | None:
        """Where A_validation first comes to a share, on lines between recorded epochs; None where it never does."""
        points = list(zip(self.epochs, self.validation_accuracy, strict=True))
        if points[0][1] >= share:
            return points[0][0]
        for (start, below), (end, above) in pairwise(points):
            if above >= share:
                return start + (end - start) * (share - below) / (above - below)
        return None

    @property
    def phase(self) -> int:
        """How many recorded epochs the early and the late phase have: half of all after the start, at most `PHASE`."""
        return min(PHASE, (len(self.epochs) - 1) // 2)

    @property
    def early_spread(self) -> float:
        """How far the validation accuracy jumps in the first phase, in points, see `scatter`."""
        return PERCENT * scatter(self.validation_accuracy[1 : 1 + self.phase])

    @property
    def late_spread(self) -> float:
        """How far the validation accuracy jumps in the last phase, in points, see `scatter`."""
        return PERCENT * scatter(self.validation_accuracy[-self.phase :])


def scatter(values: Sequence[float]) -> float:
    """√(Σ (x_{i-1} - 2x_i + x_{i+1})² / 6(n - 2)): the deviation of independent values around any straight line.

    A second difference of values of the variance σ² has the variance 6σ², and none of a line that is straight; so that,
    unlike a `wobble`, a rise or a fall of the curve is no noise.
    """
    before, at, after = values[:-2], values[1:-1], values[2:]
    bends = [a - 2 * b + c for a, b, c in zip(before, at, after, strict=True)]
    return sqrt(sum(bend**2 for bend in bends) / (6 * len(bends)))


@dataclass(frozen=True)
class Dynamics:
    """The figures of `Curve` over the seeds; `wobble` is None where a single epoch was recorded after the start."""

    first_epoch: int  # e₁, the same for all seeds
    recorded: int  # epochs after the start
    start_accuracy: Estimate
    start_loss: Estimate
    first_running: Estimate
    first_frozen: Estimate
    first_validation: Estimate
    lowest_epoch: Estimate
    rise: Estimate
    gap: Estimate
    wobble: Estimate | None
    reached_epoch: Estimate


def dynamics_of(run: RunResult) -> Dynamics | None:
    """What a run's history says; None for a run that was not run, that diverged, or that knows no epochs."""
    return dynamics(run.history) if run.status == FINISHED else None


def dynamics(records: Sequence[Record]) -> Dynamics | None:
    """The figures over the seeds of one history; None where a seed's is incomplete or holds what is no number."""
    curves = seed_curves(records)
    if not curves:
        return None
    wobbles = [each.wobble for each in curves if each.wobble is not None]
    return Dynamics(
        first_epoch=int(curves[0].epochs[1]),
        recorded=len(curves[0].epochs) - 1,
        start_accuracy=accuracy([each.start_accuracy for each in curves]),
        start_loss=interval([each.start_loss for each in curves]),
        first_running=interval([each.first_running for each in curves]),
        first_frozen=interval([each.first_frozen for each in curves]),
        first_validation=interval([each.first_validation for each in curves]),
        lowest_epoch=interval([each.lowest_epoch for each in curves]),
        rise=interval([each.rise for each in curves]),
        gap=bounded(interval([each.gap for each in curves]), -PERCENT, PERCENT),
        wobble=interval(wobbles) if len(wobbles) == len(curves) else None,
        reached_epoch=interval([each.reached_epoch for each in curves]),
    )


def seed_curves(records: Sequence[Record]) -> list[Curve]:
    """Return the curve of each seed, none where one is incomplete or holds what is no number."""
    found = [curve(rows) for rows in _seeds(records)]
    curves = [each for each in found if each is not None and each.sound]
    return curves if len(curves) == len(found) else []


def curve(rows: Sequence[Record]) -> Curve | None:
    """One seed's records by epoch; None where a figure is missing or empty."""
    ordered = sorted(rows, key=lambda row: row.get("epoch") or 0.0)
    after = [row for row in ordered if row.get("epoch")]
    keys = ("frozen_loss", "frozen_accuracy", "validation_loss", "validation_accuracy")
    epochs, running = _column(ordered, "epoch"), _column(after, "train_loss")
    columns = [column for key in keys if (column := _column(ordered, key)) is not None]
    if epochs is None or running is None or len(columns) < len(keys):
        return None
    return Curve(epochs, running, *columns)


def _column(rows: Sequence[Record], key: str) -> tuple[float, ...] | None:
    """One figure of all rows, None where a row lacks it."""
    values = [value for row in rows if (value := row.get(key)) is not None]
    return tuple(values) if len(values) == len(rows) else None


def _seeds(records: Sequence[Record]) -> list[list[Record]]:
    """The records of each seed."""
    seeds = dict.fromkeys(record.get("seed") for record in records)
    return [[record for record in records if record.get("seed") == seed] for seed in seeds]
