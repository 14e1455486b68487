"""After how many epochs our runs are where the published figures lie."""

from collections.abc import Iterator
from statistics import median

from rdfia.analyse.epochs_to_match import Match, matches
from rdfia.analyse.published import comparable_figures
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

COLUMNS = (
    Column("run", code=True, runs=True),
    Column("report"),
    Column("what it says", wide=True),
    Column("published", "%", numeric=True),
    Column("passed at epoch", numeric=True, digits=0),
    Column("validation then", "%", numeric=True),
    Column("recorded before", "%", numeric=True),
    Column("trained for", "epochs", numeric=True, digits=0),
    Column("validation at the end", "%", numeric=True),
)


@table("{chapter}_epochs_to_match", on_request=True)
def epochs_to_match(context: Context) -> Iterator[Rows]:
    """List each published accuracy that may stand beside our runs, and where the run was when it came by."""
    study = context.study
    matched = [
        match for run in context.chapter.runs for match in matches(run, comparable_figures(study, run, context.printed))
    ]
    if matched:
        epochs = [match.epoch for match in matched if match.epoch is not None]
        facts = {
            "count": len(matched),
            "passed": len(epochs),
            "middle": median(epochs) if epochs else None,
            "latest": max(epochs, default=None),
            "silent": sum("epochs" not in match.figure.settings for match in matched),
        }
        yield Rows(COLUMNS, [_row(match) for match in matched], facts)


def _row(match: Match) -> tuple[Cell, ...]:
    figure = match.figure
    printed = (match.run.name, figure.report, figure.settings, figure.number)
    return (*printed, match.epoch, match.accuracy, match.before, match.last_epoch, match.last_accuracy)
