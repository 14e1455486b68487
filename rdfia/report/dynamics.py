"""What the learning curves of a chapter say, as one table of numbers."""

from collections.abc import Mapping, Sequence
from math import log
from operator import itemgetter

from rdfia.analyse.dynamics import LAST, REACHED, Dynamics, of
from rdfia.analyse.groups import Group
from rdfia.analyse.history import history
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.report.contents import RUN
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.grouped import parts, said, trimmed

Found = Sequence[tuple[RunResult, Dynamics]]
VISIBLE = 0.0005  # a smaller rise is zero in three decimals
SUMMARY = "The learning curves in numbers"
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


def tables(study: Study, chapter: ChapterResult) -> list[Table]:
    """One row for each run with a history of epochs, empty for a run that diverged; by group if there are many runs.

    What the columns are is told at the first table alone. A part has no table where none of its own runs has figures.
    """
    known = {run.name: of(study, run) for run in chapter.runs if _has_epochs(study, run)}
    made: list[Table] = []
    for part in parts(chapter):
        tried = [(run, known[run.name]) for run in part.runs if run.name in known]
        found = [(run, figures) for run, figures in tried if figures is not None]
        if any(not part.name or run.group == part.name for run, _ in found):
            told = _shortly(chapter, part, found) if made else _at_length(chapter, part, known)
            caption = " ".join(filter(None, (*told, _empty(len(tried) - len(found)))))
            rows = tuple(_row(run, figures) for run, figures in tried)
            made.append(trimmed(Table(f"{chapter.name}_dynamics{part.suffix}", caption, COLUMNS, rows)))
    return made


def _at_length(chapter: ChapterResult, part: Group, known: Mapping[str, Dynamics | None]) -> tuple[str, ...]:
    """What every column says, and what to look at, in all runs of the chapter."""
    found = [(run, figures) for run in chapter.runs if (figures := known.get(run.name)) is not None]
    here = {run.name for run in part.runs}
    more = any(run.name not in here for run, _ in found)
    other = (
        f"The table has the runs {said(chapter, part)}; what follows is told of all {len(found)} runs." if more else ""
    )
    return (other, _start(found), _first(found), _end(found), _speed(found))


def _shortly(chapter: ChapterResult, part: Group, found: Found) -> tuple[str, ...]:
    """The same for a further table of the chapter."""
    told = (
        f"Learning curves {said(chapter, part)} in numbers; the chapter's first such table says what the columns are."
    )
    return (told, _extremes(found))


def _has_epochs(study: Study, run: RunResult) -> bool:
    """Whether the run's history is one of epochs: that of a support vector machine is one of C.

    Nor is it meant where nobody says the class: those losses are of pixels.
    """
    records = history(study, run) if run.ran else []
    return bool(records) and "frozen_loss" in records[0] and "mask" not in run.config


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
    return (
        "A run over-fits where its validation loss is lowest early and rises again, and where it ends better on train "
        f"than on validation data. {_extremes(found)}"
    )


def _extremes(found: Found) -> str:
    """The runs that over-fit most."""
    risen, most = max(((run.name, figures.rise.mean) for run, figures in found), key=itemgetter(1))
    widest, points = max(((run.name, figures.gap.mean) for run, figures in found), key=itemgetter(1))
    rise = f"The largest rise is that of {risen}, {most:.3f}" if most >= VISIBLE else "No run's loss rises"
    return f"{rise}; train minus validation is largest in {widest}, {points:+.2f} points."


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
