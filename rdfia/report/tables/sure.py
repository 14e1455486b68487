"""How sure the effects of a chapter are: paired differences, how seeds part, and how many more would be needed."""

from collections.abc import Iterator, Sequence
from math import isinf, sqrt
from statistics import median

from rdfia.analyse.paired import MOST, PERCENT, POWER
from rdfia.analyse.sure import Sure, narrower, sure
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import RUN

COLUMNS = (
    RUN,
    Column("against", code=True, runs=True),
    Column("effect by Welch", "points", signed=True, numeric=True),
    Column("same seeds and examples", "points", signed=True, numeric=True),
    Column("other examples too", "points", signed=True, numeric=True),
    Column("seeds to resolve it", numeric=True),
    Column("two seeds part on", "% of examples", numeric=True),
    Column("deviation over seeds", "points", numeric=True),
    Column("without the test set's part", "points", numeric=True),
    Column("deviation over test sets", "points", numeric=True),
)


@table("{chapter}_sure")
def sure_effects(context: Context) -> Iterator[Rows]:
    """Yield a row for each run whose right answers are kept."""
    rows = sure(context.study, context.chapter)
    if rows:
        yield Rows(COLUMNS, [_row(row) for row in rows], _facts(rows), summary="How sure the effects are").trimmed()


def _facts(rows: Sequence[Sure]) -> Facts:
    """Return how wide paired intervals are beside Welch's, and how many effects stay open."""
    shares = list(narrower(rows))
    return {
        "examples": rows[0].parts.images,
        "pairs": len(shares),
        "share": median(shares or [1.0]),
        "needed": sum(row.needed is not None for row in rows),
        "power": PERCENT * POWER,
    }


def _row(row: Sure) -> tuple[Cell, ...]:
    needed = f"over {MOST:,}" if row.needed is not None and isinf(row.needed) else row.needed
    return (
        row.run.name,
        row.run.reference if row.given_images else None,
        row.welch,
        row.given_images,
        row.new_images,
        int(needed) if isinstance(needed, float | int) else needed,
        row.disagreement,
        sqrt(row.parts.given_images),
        sqrt(row.parts.training),
        sqrt(row.parts.testing),
    )
