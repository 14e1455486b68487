"""The bag of visual words beside the network of part 2: accuracy, time, and what each has to know."""

from collections.abc import Iterator

import torch

from rdfia.analyse.pareto import seconds_per_seed
from rdfia.analyse.results import RunResult
from rdfia.models.svm import SVM
from rdfia.models.words import VisualWords
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import TEST

NETWORKS = ("cnn/baseline", "cnn/standardise")
COLUMNS = (
    Column("classifier", code=True, runs=True),
    Column("what it is", wide=True),
    Column("train images", numeric=True),
    TEST,
    Column("a seed's training", "s", numeric=True),
    Column("weights", numeric=True),
    Column("with the dictionary", numeric=True),
)


@table("{chapter}_beside")
def beside(context: Context) -> Iterator[Rows]:
    """Yield the linear machines and two networks on the same images, with weights as the reports count them."""
    machines = [run for run in context.chapter.runs if run.test and run.config["model"]["kernel"] == "linear"]
    networks = [run for run in map(context.study.run, NETWORKS) if run is not None and run.test]
    if not machines or (networks and networks[0].card.label != machines[0].card.label):
        return
    rows = [_row(run, *planes(run)) for run in machines]
    rows += [_row(run, run.parameters, run.parameters) for run in networks]
    smallest = min(with_dictionary for *_, with_dictionary in rows if isinstance(with_dictionary, int))
    most = max((run.parameters or 0 for run in networks), default=0)
    yield Rows(COLUMNS, rows, {"data": machines[0].card.label, "ratio": most / smallest})


def planes(run: RunResult) -> tuple[int, int]:
    """Return the weights of a linear machine as one plane a class, as the reports count, without and with its words."""
    model = SVM.model_validate(run.config["model"])
    features = model.features.build(tuple(run.card.shape))
    width = features(torch.zeros(1, *run.card.shape)).shape[1]
    weights = (width + 1) * len(run.card.classes)
    return weights, weights + (features.words.numel() if isinstance(features, VisualWords) else 0)


def _row(run: RunResult, weights: int | None, with_dictionary: int | None) -> tuple[Cell, ...]:
    images = run.config.get("sample") or run.card.counts.get("train")
    return (run.key, run.title, images, run.test_accuracy, seconds_per_seed(run), weights, with_dictionary)
