"""Where the learning curves of a chapter start, how fast they rise and how far they over-fit, in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from math import log
from operator import itemgetter

from rdfia.analyse.dynamics import LAST, REACHED, Dynamics, dynamics_of
from rdfia.analyse.groups import Group, table_groups
from rdfia.analyse.results import PERCENT, RunResult
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import RUN, is_reference_row, scope

Known = Sequence[tuple[RunResult, Dynamics]]
VISIBLE = 0.0005  # a smaller rise is zero in three decimals
SUMMARY = "The learning curves in numbers"
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
    Column(f"{PERCENT * REACHED:.0f} % of the end reached at", "epoch", numeric=True, digits=1),
)


@table("{chapter}_dynamics{group}")
def dynamics(context: Context) -> Iterator[Rows]:
    """Yield a row for each run with a history of epochs, empty for a run that diverged; by group if there are many.

    The first table explains the columns. A group has no table where none of its own runs has figures.
    """
    chapter = context.chapter
    measured = {run.name: dynamics_of(run) for run in chapter.runs if _has_epochs(run)}
    first = True
    for group in table_groups(chapter):
        tried = [run for run in group.runs if run.name in measured]
        known = _known(tried, measured)
        if any(not is_reference_row(group, run) for run, _ in known):
            facts = {**scope(chapter, group), "first": first, "diverged": len(tried) - len(known), **_extremes(known)}
            if first:
                facts |= _explanation(group, _known(chapter.runs, measured))
            yield Rows(COLUMNS, [_row(run, measured[run.name]) for run in tried], facts, group.name, SUMMARY).trimmed()
            first = False


def _has_epochs(run: RunResult) -> bool:
    """Return whether the run's history is one of epochs, and its losses those of classes.

    That of a support vector machine is one of C, and the losses of a masked autoencoder are of pixels.
    """
    records = run.history if run.ran else []
    return bool(records) and "frozen_loss" in records[0] and "mask" not in run.config


def _known(runs: Sequence[RunResult], measured: Mapping[str, Dynamics | None]) -> Known:
    return [(run, figures) for run in runs if (figures := measured.get(run.name)) is not None]


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


def _extremes(known: Known) -> Facts:
    """Return the runs that over-fit most, in the loss and in the accuracy."""
    rise = max(((run.name, figures.rise.mean) for run, figures in known), key=itemgetter(1))
    gap = max(((run.name, figures.gap.mean) for run, figures in known), key=itemgetter(1))
    return {"rise": rise, "rises": rise[1] >= VISIBLE, "gap": gap}


def _explanation(group: Group, known: Known) -> Facts:
    """Return the facts of the chapter's first table, which are those of all its runs."""
    figures = [each for _, each in known]
    below = [each for each in figures if each.first_validation.mean < each.first_running.mean]
    counts = {len(run.card.classes or run.classes) for run, _ in known}
    classes = counts.pop() if len(counts) == 1 else 0
    here = {run.name for run in group.runs}
    wobbles = [(run.name, each.wobble.mean) for run, each in known if each.wobble is not None]
    return {
        **_extremes(known),
        "runs": len(known),
        "elsewhere": any(run.name not in here for run, _ in known),
        "classes": classes,
        "guess": PERCENT / classes if classes else 0.0,
        "guess_loss": log(classes) if classes else 0.0,
        "accuracies": [each.start_accuracy.mean for each in figures],
        "losses": [each.start_loss.mean for each in figures],
        "first_epochs": [each.first_epoch for each in figures],
        "below": len(below),
        "frozen_below": sum(each.first_frozen.mean < each.first_running.mean for each in below),
        "last": [min(LAST, each.recorded) for each in figures],
        "unsteady": max(wobbles, key=itemgetter(1)) if len(wobbles) > 1 else None,
        "reached": PERCENT * REACHED,
    }
