"""After how many of our epochs a run is where a published figure lies.

A(e) is the mean validation accuracy of the seeds at the end of a recorded epoch e, over the epochs that all of them
have; a figure is passed at min {e ≥ 1: A(e) ≥ figure}.
"""

from collections.abc import Sequence
from statistics import median

from rdfia.analyse.history import history
from rdfia.analyse.metrics import mean
from rdfia.analyse.published import Published, comparable_figures, read
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.report.engine.table import Cell, Column, Table

COLUMNS = (
    Column("run", code=True),
    Column("report"),
    Column("what it says", wide=True),
    Column("published", "%", numeric=True),
    Column("passed at epoch", numeric=True, digits=0),
    Column("validation then", "%", numeric=True),
    Column("recorded before", "%", numeric=True),
    Column("trained for", "epochs", numeric=True, digits=0),
    Column("validation at the end", "%", numeric=True),
)
Curve = list[tuple[float, float]]


def tables(study: Study) -> list[Table]:
    """A table for each chapter whose runs may stand beside published figures."""
    printed = read()
    return [table for chapter in study.chapters if (table := passed(study, chapter, printed)) is not None]


def passed(study: Study, chapter: ChapterResult, printed: Sequence[Published]) -> Table | None:
    """Each published accuracy of the chapter's runs, and where the run was when it came by."""
    rows = [
        _row(run, figure, recorded)
        for run in chapter.runs
        if (figures := comparable_figures(study, run, printed)) and (recorded := curve(study, run))
        for figure in figures
    ]
    return Table(f"{chapter.name}_passed", _caption(rows), COLUMNS, tuple(rows)) if rows else None


def curve(study: Study, run: RunResult) -> Curve:
    """Recorded epochs from the first step on, each with the mean validation accuracy of the seeds, in percent."""
    seeds: dict[float | None, dict[float, float]] = {}
    for row in history(study, run):
        epoch, accuracy = row.get("epoch"), row.get("validation_accuracy")
        if epoch and accuracy is not None:
            seeds.setdefault(row["seed"], {})[epoch] = PERCENT * accuracy
    known = set.intersection(*(set(values) for values in seeds.values())) if seeds else set()
    return [(epoch, mean([values[epoch] for values in seeds.values()])) for epoch in sorted(known)]


def _row(run: RunResult, figure: Published, recorded: Curve) -> tuple[Cell, ...]:
    place = next((place for place, (_, value) in enumerate(recorded) if value >= figure.number), None)
    at, then = (None, None) if place is None else recorded[place]
    before = recorded[place - 1][1] if place else None
    end, last = recorded[-1]
    return (run.name, figure.report, figure.settings, figure.number, at, then, before, end, last)


def _caption(rows: Sequence[Sequence[Cell]]) -> str:
    """How soon the figures are passed, and what that may mean."""
    epochs = [row[4] for row in rows if isinstance(row[4], float)]
    never = len(rows) - len(epochs)
    soon = f"{len(epochs)} of {len(rows)} figures are passed"
    soon += f", half of them by epoch {median(epochs):g} and the last at epoch {max(epochs):g}" if epochs else ""
    silent = sum("epochs" not in str(row[2]) for row in rows)
    silence = f" With {silent} of the figures no epochs are printed." if silent else ""
    return (
        "The first recorded epoch at whose end our seeds' mean validation accuracy is at a published test accuracy. "
        f"Look at that epoch beside those that we trained for: {soon}{f', {never} never' if never else ''}.{silence} A "
        "figure that is passed early may be of a network that was trained for less; differences between such figures "
        "are then differences in how far the training had come."
    )
