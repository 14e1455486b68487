"""Hand-made and learned features on digits, in one place."""

from rdfia.analyse import published
from rdfia.analyse.results import RunResult, Study
from rdfia.report.contents import TEST
from rdfia.report.engine.table import Cell, Column, Table

FEATURES = ("svm_mnist", "mlp_mnist", "cnn_mnist")
PRINTED = ("mnist-mlp", "mnist-cnn")


def tables(study: Study) -> list[Table]:
    """Classifiers of digits in one place: features made by hand, and features that were learned."""
    keys = [key for chapter in FEATURES for key in (run.key for run in study.runs if run.chapter == chapter)]
    runs = [run for key in keys if (run := study.run(key)) is not None and run.test]
    if not runs:
        return []
    columns = (
        Column("classifier", code=True),
        Column("what it is", wide=True),
        Column("features"),
        Column("train images", numeric=True),
        TEST,
        Column("weights", numeric=True),
    )
    rows: list[tuple[Cell, ...]] = [
        (run.key, run.title, *_features(run), run.test_accuracy, run.parameters) for run in runs
    ]
    figures = [figure for figure in published.read() if figure.experiment in PRINTED]
    rows += [(None, f"{f.report}: {f.experiment}", "learned", None, f.number, None) for f in figures]
    caption = (
        f"Digits ({runs[0].card.label}), classified from features made by hand and from learned ones. A kernel and a "
        "histogram of gradients are chosen by a person, the hidden layers of a network by descent. The last rows are "
        "figures that reports print on MNIST, with all of its training images."
    )
    return [Table("features", caption, columns, tuple(rows))]


def _features(run: RunResult) -> tuple[str, int | None]:
    """Whether a run's features are learned, and from how many images."""
    learned = "made by hand" if run.config.get("model", {}).get("name") == "svm" else "learned"
    return learned, run.config.get("sample") or run.card.counts.get("train")
