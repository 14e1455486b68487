"""What the learning curves of a chapter say, as one table of numbers."""

from collections.abc import Sequence
from math import log
from operator import itemgetter

from rdfia.analyse.dynamics import LAST, REACHED, Dynamics, of
from rdfia.analyse.results import NOT_RUN, PERCENT, ChapterResult, RunResult, Study, history
from rdfia.report.contents import RUN
from rdfia.report.tables import Cell, Column, Table

Found = Sequence[tuple[RunResult, Dynamics]]
VISIBLE = 0.0005  # a smaller rise is zero in three decimals
SHARE = f"{PERCENT * REACHED:.0f} %"
COLUMNS = (
    RUN,
    Column("accuracy at the start", "%", numeric=True),
    Column("loss at the start", numeric=True, digits=3),
    Column("first epoch: running loss", numeric=True, digits=3),
    Column("first epoch: frozen train loss", numeric=True, digits=3),
    Column("first epoch: validation loss", numeric=True, digits=3),
    Column("lowest validation loss at", "epoch", numeric=True, digits=1),
    Column("rise from there to the end", "loss", signed=True, numeric=True, digits=3),
    Column("train minus validation at the end", "points", signed=True, numeric=True),
    Column("deviation of the last accuracies", "points", numeric=True),
    Column(f"{SHARE} of the end reached at", "epoch", numeric=True, digits=1),
)


def table(study: Study, chapter: ChapterResult) -> Table | None:
    """One row for each run with a history of epochs, empty for a run that diverged; None where no run has figures."""
    tried = [(run, of(study, run)) for run in chapter.runs if _has_epochs(study, run)]
    found = [(run, figures) for run, figures in tried if figures is not None]
    if not found:
        return None
    rows = tuple(_row(run, figures) for run, figures in tried)
    parts = (_start(found), _first(found), _end(found), _speed(found), _empty(len(tried) - len(found)))
    return Table(f"{chapter.name}_dynamics", " ".join(part for part in parts if part), COLUMNS, rows)


def _has_epochs(study: Study, run: RunResult) -> bool:
    """Whether the run's history is one of epochs: that of a support vector machine is one of C."""
    records = history(study, run) if run.status != NOT_RUN else []
    return bool(records) and "frozen_loss" in records[0]


def _row(run: RunResult, figures: Dynamics | None) -> tuple[Cell, ...]:
    if figures is None:
        return (run.name, *[None] * (len(COLUMNS) - 1))
    return (
        run.name,
        figures.start_accuracy,
        figures.start_loss,
        figures.first_running,
        figures.first_frozen,
        figures.first_validation,
        figures.lowest_epoch,
        figures.rise,
        figures.gap,
        figures.wobble,
        figures.reached_epoch,
    )


def _start(found: Found) -> str:
    """What guessing would give, from the number of classes, and where the runs start."""
    told = "What the learning curves say in numbers: means over seeds with their 95 % intervals."
    counts = {len(run.card.classes or run.classes) for run, _ in found}
    if len(counts) != 1 or (classes := counts.pop()) < 2:
        return told
    accuracies = [figures.start_accuracy.mean for _, figures in found]
    losses = [figures.start_loss.mean for _, figures in found]
    return (
        f"{told} At the start, before its first step, a network can only guess: with {classes} classes, equally "
        f"frequent, {PERCENT / classes:.2f} % of blind guesses are right, and giving each class the probability "
        f"1/{classes} costs a loss of ln {classes} = {log(classes):.3f}. Look whether the runs start there: their "
        f"accuracy is {_span(accuracies, 2)} %, their loss {_span(losses, 3)}. A loss far above comes from first "
        "weights so large that the guesses are confident."
    )


def _first(found: Found) -> str:
    """Why the loss on images never trained on may lie below the train loss in the first epoch."""
    below = [figures for _, figures in found if figures.first_validation.mean < figures.first_running.mean]
    frozen = [figures for figures in below if figures.first_frozen.mean < figures.first_running.mean]
    told = (
        f"The first epoch is the first recorded one, {_span([figures.first_epoch for _, figures in found], 0)}. Its "
        "running loss averages over batches that a changing network met on its way, with dropout and augmentation "
        "where the run has them; the frozen losses belong to the network that the epoch ended with. Validation lies "
        f"below the running loss in {len(below)} of {len(found)} runs"
    )
    if not frozen:
        return f"{told}."
    some = "all" if len(frozen) == len(below) else str(len(frozen))
    return (
        f"{told}, and in {some} of these so does the frozen train loss: it is not that validation is easier, but that "
        "the running loss judges a network that has learned less."
    )


def _end(found: Found) -> str:
    """Over-fitting, in the loss and in the accuracy."""
    risen, most = max(((run.name, figures.rise.mean) for run, figures in found), key=itemgetter(1))
    widest, points = max(((run.name, figures.gap.mean) for run, figures in found), key=itemgetter(1))
    rise = f"The largest rise is that of {risen}, {most:.3f}" if most >= VISIBLE else "No run's loss rises"
    return (
        "A run over-fits where its validation loss is lowest early and rises again, and where it ends better on train "
        f"than on validation data. {rise}; train minus validation is largest in {widest}, {points:+.2f} points."
    )


def _speed(found: Found) -> str:
    """What the last two columns are, and which run is the least steady."""
    counts = [min(LAST, figures.recorded) for _, figures in found]
    wobbles = [(run.name, figures.wobble.mean) for run, figures in found if figures.wobble is not None]
    name, points = max(wobbles, key=itemgetter(1), default=("", 0.0))
    least = f", by {points:.2f} points in {name}, the least steady" if len(wobbles) > 1 else ""
    return (
        f"The deviation says how far validation accuracy scatters over the last {_span(counts, 0)} recorded "
        f"epochs{least}; a run that still climbs there scatters too. The last column is the first recorded epoch with "
        f"at least {SHARE} of the final validation accuracy: small for a fast run, and for one that does not learn."
    )


def _empty(diverged: int) -> str:
    """Why some rows hold nothing."""
    return f"Runs with a seed that diverged have no figures: {diverged}." if diverged else ""


def _span(values: Sequence[float], digits: int) -> str:
    """From the smallest to the largest, or the one value that all have."""
    low, high = (f"{choose(values):.{digits}f}" for choose in (min, max))
    return low if low == high else f"{low} to {high}"
