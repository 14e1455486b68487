"""A setting that one report prints several times, and what seeds explain of that."""

from collections.abc import Iterator

from rdfia.analyse.metrics import LEVEL, prediction
from rdfia.analyse.published import comparable
from rdfia.analyse.repeated_figure import RepeatedFigure, deviation_interval, mean_range, range_quantile
from rdfia.analyse.repeated_figure import repeated_figure as find
from rdfia.analyse.results import PERCENT
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

COLUMNS = (Column("what", wide=True), Column("value", numeric=True), Column("how", wide=True))


@table("{chapter}_repeated_figure")
def repeated_figure(context: Context) -> Iterator[Rows]:
    """Lay the figures of the report beside the range of one more run of ours and of several."""
    found = find(context.chapter, context.printed)
    if found is not None:
        yield Rows(COLUMNS, _rows(found), _facts(found, context.study.profile))


def _rows(found: RepeatedFigure) -> list[tuple[Cell, ...]]:
    k, n, one = len(found.figures), len(found.tests), prediction(found.tests)
    low, high = deviation_interval(found.tests)
    level = f"{PERCENT * LEVEL:.0f} %"
    return [
        *((f"{each.report}, {each.note.partition(';')[0]}", each.number, each.settings) for each in found.figures),
        (f"range of these {k}", found.printed_range, "highest minus lowest"),
        ("our mean", found.run.test_accuracy, f"{found.run.name}, {n} seeds, with its {level} interval"),
        (
            "standard deviation s of a seed",
            found.deviation,
            f"{low:.2f} to {high:.2f} with {level}, from χ² of n − 1",
        ),
        ("lowest of one more run", one.low, "x̄ − t s √(1 + 1/n)"),
        ("highest of one more run", one.high, "x̄ + t s √(1 + 1/n)"),
        (f"mean range of {k} runs", found.mean_range, f"{mean_range(k):.3f} s"),
        (f"{level} of ranges of {k} runs are below", found.highest_range, f"{range_quantile(k, n - 1):.2f} s"),
    ]


def _facts(found: RepeatedFigure, profile: str) -> dict[str, object]:
    return {
        "report": found.figures[0].report,
        "values": [figure.value for figure in found.figures],
        "run": found.run.name,
        "label": found.run.card.label,
        "seeds": len(found.tests),
        "printed_range": found.printed_range,
        "deviation": found.deviation,
        "mean_range": found.mean_range,
        "highest_range": found.highest_range,
        "level": PERCENT * LEVEL,
        "comparable": comparable(found.run, profile),
    }
