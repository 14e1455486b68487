"""Claims of the reports and what decides them: all of the study, and those of a chapter."""

from collections.abc import Iterator

from rdfia.analyse.claims import Outcome
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

CHAPTER = 4  # the column that a chapter's own table has not
CLAIMS = (
    Column("claim", code=True),
    Column("in words", wide=True),
    Column("for", stacked=True, filter="report"),
    Column("against", stacked=True, filter="report"),
    Column("chapter", code=True, filter="chapter"),
    Column("verdict", filter="verdict"),
    Column("figure", numeric=True),
    Column("unit"),
    Column("holds if"),
    Column("decided by", wide=True),
    Column("kind", filter="kind"),
)


@table("claims")
def claims(context: Context) -> Iterator[Rows]:
    """Yield every claim in the order of the file."""
    yield Rows(CLAIMS, [_row(outcome) for outcome in context.claims])


@table("{chapter}_claims")
def chapter_claims(context: Context) -> Iterator[Rows]:
    """Yield the claims that the chapter decides, if there are any."""
    columns = (*CLAIMS[:CHAPTER], *CLAIMS[CHAPTER + 1 :])
    rows = [_row(outcome) for outcome in context.claims]
    if rows:
        yield Rows(columns, [(*row[:CHAPTER], *row[CHAPTER + 1 :]) for row in rows]).trimmed()


def _row(outcome: Outcome) -> tuple[Cell, ...]:
    claim = outcome.claim
    return (
        outcome.name,
        claim.claim,
        "; ".join(claim.said_by),
        "; ".join(claim.denied_by),
        claim.chapter,
        outcome.verdict,
        outcome.estimate,
        claim.statistic.unit if outcome.estimate else None,
        str(claim.threshold),
        ". ".join(filter(None, (str(claim.statistic), outcome.reason, claim.note))),
        claim.kind,
    )
