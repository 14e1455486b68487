"""Errors in the reports: what is printed, what is right, and what shows it."""

from collections.abc import Iterator

from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Column
from rdfia.theory import written

ERRORS = (
    Column("number", numeric=True),
    Column("report", stacked=True, filter="report"),
    Column("question", code=True, filter="question"),
    Column("printed", wide=True),
    Column("right", wide=True),
    Column("shown by", code=True),
)


@table("errors")
def errors(context: Context) -> Iterator[Rows]:
    """Yield every error that the written questions name, by its number; one that no report makes has none."""
    found = [(error, one.id) for questions in written.read().values() for one in questions for error in one.errors]
    rows = [
        (error.number, "; ".join(error.reports), question, error.printed, error.right, error.shown_by)
        for error, question in sorted(found, key=lambda pair: pair[0].number)
    ]
    yield Rows(ERRORS, rows, {"count": len(rows), "words": sum(error.shown_by is None for error, _ in found)})
