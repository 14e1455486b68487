"""What the runs of a profile will take of disk and memory, roughly, from their declarations alone.

A run's weights are counted in its network, built without numbers; a machine keeps its examples. They are written once
for each seed and each snapshot, and once more by DVC's cache, and so are data sets; of each run the report, git and
MLflow keep records and figures. In memory are the data, and as many runs as train at once, the largest: weights, a
batch, and what the network keeps of it.
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from rdfia import chapters
from rdfia.config import profile
from rdfia.data.sources import resolve_dataset
from rdfia.files import find_json
from rdfia.record import layout
from rdfia.study import runs
from rdfia.train.classifier import example_input, network
from rdfia.train.descent import DescentRun
from rdfia.train.masked import MaskedRun
from rdfia.train.run import Run
from rdfia.train.shapes import Shapes, activations, in_training

COPIES = 2  # in the working folder and in DVC's cache
RECORD = 4 * 2**20  # bytes of a run in reports, figures and MLflow: 3.6 MB each in the quick profile, without models
PROCESS = 300 * 2**20  # bytes of a process that trains, beside its network and its batch
FLOAT = 4
SHAPES = {"circles": (2,), "digits": (1, 28, 28), "mnist": (1, 28, 28), "objects": (3, 32, 32), "cifar10": (3, 32, 32)}
COUNTS = {"mnist": 70_000, "cifar10": 60_000}
UNKNOWN = 64  # the side of images of a folder whose settings do not say it


@dataclass(frozen=True)
class Needs:
    """Bytes of disk and of memory, and what they are counted from: runs, trainings of a seed, weights of all."""

    disk: int = 0
    memory: int = 0
    runs: int = 0
    seeds: int = 0
    weights: int = 0


def needs(params: Mapping[str, Any], wanted: Iterable[tuple[str, str]], jobs: int) -> Needs:
    """Estimate what the wanted runs, as (chapter, run), take where nothing of them is there."""
    cards, counted, memory = dict[str, dict[str, Any]](), dict[str, tuple[int, int]](), list[int]()
    disk = seeds = weights = 0
    for chapter, name in wanted:
        run, dataset = runs.resolve(params, chapter, name), chapters.dataset(params, chapter)
        if dataset not in cards:
            cards[dataset] = card(params, dataset)
        key = f"{dataset} {run.model!r} {getattr(run, 'decoder', '')!r}"
        if key not in counted:
            counted[key] = count(run, cards[dataset])
        size, kept = counted[key]
        disk += COPIES * FLOAT * run.seeds * (1 + len(getattr(run, "snapshots", ()))) * size + RECORD
        memory.append(PROCESS + in_training(run, cards[dataset], size, values(cards[dataset]), kept))
        seeds, weights = seeds + run.seeds, weights + run.seeds * size
    data = sum(values(card) * sum(card["counts"].values()) for card in cards.values())
    together = sum(heapq.nlargest(jobs, memory))
    return Needs(disk + COPIES * data, data + together, len(memory), seeds, weights)


def card(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the card of a prepared data set; before that, what its source is known to have."""
    found = find_json(layout.card(profile(params), name))
    if found:
        return found
    dataset = resolve_dataset(params, name)
    source: Any = dataset.source
    known = getattr(source, "copy_of", None) or source.name
    channels, *sides = SHAPES.get(known, (1 if getattr(source, "mode", "") == "L" else 3, UNKNOWN, UNKNOWN))
    if side := dataset.size or getattr(source, "size", None):
        sides = [side, side]
    total = COUNTS.get(known) or getattr(source, "train", 0) + getattr(source, "test", 0)
    kind, classes = ("images", 10) if sides else ("points", 2)
    shape = (1 if dataset.grey else channels, *sides)
    return {"kind": kind, "classes": list(range(classes)), "shape": shape, "counts": {"train": total}}


def values(card: Mapping[str, Any]) -> int:
    """Return how many numbers an example has."""
    return math.prod(card["shape"])


def count(run: Run, card: Mapping[str, Any]) -> tuple[int, int]:
    """Return the weights of a run's network for one seed, and the bytes that it keeps of an example in training.

    Of a machine, the numbers that it may keep.
    """
    if not isinstance(run, DescentRun | MaskedRun):
        kept: int = getattr(run, "sample", None) or card["counts"]["train"]
        return kept * values(card), 0
    with torch.device("meta"), Shapes(), torch.no_grad():
        generator = torch.Generator("cpu")
        built = network(run, card, generator)
        weights = sum(weight.numel() for weight in run.around(built, generator).parameters())
        return weights, activations(built, example_input(run, card))
