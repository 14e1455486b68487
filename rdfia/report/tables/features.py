"""Hand-made and learned features on digits, in one place."""

from collections.abc import Iterator

from rdfia.analyse.results import RunResult
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import TEST

CHAPTERS = ("svm_mnist", "mlp_mnist", "cnn_mnist")
EXPERIMENTS = ("mnist-mlp", "mnist-cnn")  # of the published figures
COLUMNS = (
    Column("classifier", code=True, runs=True),
    Column("what it is", wide=True),
    Column("features"),
    Column("train images", numeric=True),
    TEST,
    Column("weights", numeric=True),
)


@table("features")
def features(context: Context) -> Iterator[Rows]:
    """Yield classifiers of digits in one place, those on features made by hand first, and the published figures."""
    runs = [run for chapter in CHAPTERS for run in context.study.runs if run.chapter == chapter and run.test]
    if not runs:
        return
    rows: list[tuple[Cell, ...]] = [
        (run.key, run.title, *_features(run), run.test_accuracy, run.parameters) for run in runs
    ]
    printed = [figure for figure in context.printed if figure.experiment in EXPERIMENTS]
    rows += [(None, f"{f.report}: {f.experiment}", "learned", None, f.number, None) for f in printed]
    yield Rows(COLUMNS, rows, {"data": runs[0].card.label})


def _features(run: RunResult) -> tuple[str, int | None]:
    """Return whether a run's features are learned, and from how many images."""
    learned = "made by hand" if run.config.get("model", {}).get("name") == "svm" else "learned"
    return learned, run.config.get("sample") or run.card.counts.get("train")
