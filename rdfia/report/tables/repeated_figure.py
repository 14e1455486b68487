"""A setting that one report prints several times, and what seeds explain of that."""

from collections.abc import Iterator

from rdfia.analyse.metrics import LEVEL, prediction
from rdfia.analyse.published import obstacle
from rdfia.analyse.repeated_figure import RepeatedFigure, deviation_interval, mean_range, range_quantile
from rdfia.analyse.repeated_figure import repeated_figure as find
from rdfia.analyse.results import PERCENT
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

COLUMNS = (Column("what", wide=True), Column("value", numeric=True), Column("how", wide=True))


@table("{chapter}_repeated_figure", on_request=True)
def repeated_figure(context: Context) -> Iterator[Rows]:
    """Lay the figures of the report beside the range of one more run of ours and of several."""
    repeated = find(context.chapter, context.printed)
    if repeated is not None:
        yield Rows(COLUMNS, _rows(repeated), _facts(repeated, context.study.profile))


def _rows(repeated: RepeatedFigure) -> list[tuple[Cell, ...]]:
    k, n = len(repeated.figures), len(repeated.tests)
    one = prediction(repeated.tests, noise=repeated.run.expected("test"))
    low, high = deviation_interval(repeated.tests)
    level = f"{PERCENT * LEVEL:.0f} %"
    margin = "t s′ √(1 + 1/n), s′ of this run's seeds and of the chapter's noise (Method)"
    return [
        *((f"{each.report}, {each.note.partition(';')[0]}", each.number, each.settings) for each in repeated.figures),
        (f"range of these {k}", repeated.printed_range, "highest minus lowest"),
        ("our mean", repeated.run.test_accuracy, f"{repeated.run.name}, {n} seeds, with its {level} interval"),
        (
            "standard deviation s of a seed",
            repeated.deviation,
            f"{low:.2f} to {high:.2f} with {level}, from χ² of n − 1",
        ),
        ("lowest of one more run", one.low, f"x̄ − {margin}"),
        ("highest of one more run", one.high, f"x̄ + {margin}"),
        (f"mean range of {k} runs", repeated.mean_range, f"{mean_range(k):.3f} s"),
        (f"{level} of ranges of {k} runs are below", repeated.highest_range, f"{range_quantile(k, n - 1):.2f} s"),
    ]


def _facts(repeated: RepeatedFigure, profile: str) -> dict[str, object]:
    return {
        "report": repeated.figures[0].report,
        "values": [figure.value for figure in repeated.figures],
        "run": repeated.run.name,
        "label": repeated.run.card.label,
        "seeds": len(repeated.tests),
        "printed_range": repeated.printed_range,
        "deviation": repeated.deviation,
        "mean_range": repeated.mean_range,
        "highest_range": repeated.highest_range,
        "reason": obstacle(repeated.figures[0], repeated.run, profile),
    }
