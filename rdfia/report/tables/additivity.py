"""Improvements by themselves, their sum, and all of them together."""

from collections.abc import Iterator
from typing import Any

from rdfia.analyse.additivity import Additivity, additivity
from rdfia.analyse.effects import correction
from rdfia.analyse.metrics import HELPS, HURTS, Estimate, resolve
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Column

BEYOND = {HELPS: "more than the sum", HURTS: "less than the sum"}
COLUMNS = (
    Column("what", code=True, runs=True),
    Column("title", wide=True),
    Column("effect", "points", signed=True, numeric=True),
    Column("verdict"),
)


@table("{chapter}_additive", on_request=True)
def additive(context: Context) -> Iterator[Rows]:
    """List each improvement, and below these their sum, all together, and what lies between."""
    found = additivity(context.chapter)
    if found is not None:
        yield Rows(COLUMNS, lines(found), facts(found))


def lines(found: Additivity) -> list[tuple[str, str, Estimate, str]]:
    """Return names, titles, effects and verdicts: each by itself, the sum, all together, the difference of both."""
    single = [(run, effect) for run in found.alone if (effect := found.chapter.effect(run)) is not None]
    cells = [(run.name, run.title, effect, resolve(effect)) for run, effect in single]
    cells.append(("sum", f"{len(single)} effects added up", found.total, resolve(found.total)))
    for run in found.together:
        effect, beyond = found.effect(run), found.beyond(run)
        cells.append((run.name, run.title, effect, resolve(effect)))
        verdict = BEYOND.get(resolve(beyond), "no difference resolved")
        cells.append((f"{run.name} - sum", "what is beyond the sum", beyond, verdict))
    return cells


def facts(found: Additivity) -> dict[str, Any]:
    """Return what the captions of the table and of its figure quote."""
    together = [
        {"run": run.name, "gain": found.effect(run).mean, "beyond": beyond.mean, "verdict": BEYOND.get(resolve(beyond))}
        for run in found.together
        for beyond in [found.beyond(run)]
    ]
    return {
        "count": len(found.alone),
        "reference": found.reference.name,
        "correction": correction(found.chapter, found.alone),
        "total": found.total.mean,
        "together": together,
    }
