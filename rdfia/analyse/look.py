"""A chapter's trained runs on the test split, side by side: what they answer, and what is drawn of them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from rdfia.analyse.evaluate import best, evaluate
from rdfia.analyse.probe import arrays, points
from rdfia.analyse.side_by_side import side_by_side
from rdfia.data.store import Split

Splits = tuple[Split, Split, Split]


def look(
    runs: Mapping[str, Mapping[str, Any]], weights: Mapping[str, Path], splits: Splits, jobs: int
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The answers of every run by its name, and arrays by run and name; only the best run's mistakes are drawn."""
    torch.set_num_threads(1)
    chosen, first = best(runs), next(iter(runs), None)
    tasks = [
        partial(_one, metrics, weights[name], splits, name == chosen, name in (chosen, first))
        for name, metrics in runs.items()
    ]
    found = dict(zip(runs, side_by_side(tasks, jobs), strict=True))
    train, validation, _ = splits
    probes = {"points/train": points(train), "points/validation": points(validation)} if train.x.ndim == 2 else {}
    for name, (_, drawn) in found.items():
        probes |= {f"{name}/{key}": torch.from_numpy(part) for key, part in drawn.items()}
    return {name: answers for name, (answers, _) in found.items()}, probes


def _one(
    metrics: Mapping[str, Any], weights: Path, splits: Splits, chosen: bool, shown: bool
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """One run, as arrays that pass from one process to another."""
    train, validation, test = splits
    answers = evaluate(metrics, weights, test)
    drawn = arrays(metrics, weights, train, validation, test if chosen else None, shown)
    return answers, {name: part.detach().contiguous().numpy() for name, part in drawn.items()}
