"""The bag of visual words beside the network of part 2: accuracy, time, and what each has to know."""

from collections.abc import Iterator

import torch

from rdfia.analyse.pareto import seconds_per_seed
from rdfia.analyse.results import RunResult, Study
from rdfia.analyse.train_images import train_images
from rdfia.models.svm import SVM
from rdfia.models.words import VisualWords
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import TEST

NETWORKS = ("cnn/baseline", "cnn/standardise")
SAMPLED = ("cnn", "train images")  # the group of networks on fewer images
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
    """Yield the linear machines and networks on images of the same data, with weights as the reports count them."""
    machines = [run for run in context.chapter.runs if run.test and run.config["model"]["kernel"] == "linear"]
    networks = [run for run in map(context.study.run, NETWORKS) if run is not None and run.test]
    alike = networks_on(context.study, {train_images(run) for run in machines})
    networks += alike
    if not machines or (networks and networks[0].card.label != machines[0].card.label):
        return
    rows = [_row(run, *planes(run)) for run in machines]
    rows += [_row(run, run.parameters, run.parameters) for run in networks]
    smallest = min(with_dictionary for *_, with_dictionary in rows if isinstance(with_dictionary, int))
    most = max((run.parameters or 0 for run in networks), default=0)
    facts = {"data": machines[0].card.label, "ratio": most / smallest, "alike": [run.key for run in alike]}
    yield Rows(COLUMNS, rows, facts)


def networks_on(study: Study, sizes: set[int | None]) -> list[RunResult]:
    """Return the networks that were trained on a part of the train images as large as one of these."""
    chapter, group = SAMPLED
    runs = [run for each in study.chapters if each.name == chapter for run in each.runs if run.group == group]
    return [run for run in runs if run.test and train_images(run) in sizes]


def planes(run: RunResult) -> tuple[int, int]:
    """Return the weights of a linear machine as one plane a class, as the reports count, without and with its words."""
    model = SVM.model_validate(run.config["model"])
    features = model.features.build(tuple(run.card.shape))
    width = features(torch.zeros(1, *run.card.shape)).shape[1]
    weights = (width + 1) * len(run.card.classes)
    return weights, weights + (features.words.numel() if isinstance(features, VisualWords) else 0)


def _row(run: RunResult, weights: int | None, with_dictionary: int | None) -> tuple[Cell, ...]:
    return (run.key, run.title, train_images(run), run.test_accuracy, seconds_per_seed(run), weights, with_dictionary)
