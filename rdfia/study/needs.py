"""What the runs of a profile will take of disk, memory and time, roughly, from their declarations alone.

A run's weights are counted in its network, built without numbers; a machine keeps its examples. They are written once
for each seed and each snapshot, and once more by DVC's cache, and so are data sets; of each run the report, git and
MLflow keep records and figures. In memory are the data, and as many runs as train at once, the largest: weights, a
batch, and what the network keeps of it. Time is relative: a sweep begins the dearest runs first, and guesses what is
left by it.
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from rdfia import chapters
from rdfia.config import profile
from rdfia.data import batches
from rdfia.data.sources import resolve_dataset
from rdfia.data.torchvision_sets import Cifar10, Mnist
from rdfia.record import layout, shape
from rdfia.study import runs
from rdfia.train.classifier import example_input, network
from rdfia.train.descent import DescentRun
from rdfia.train.flops import Flops
from rdfia.train.masked import MaskedRun
from rdfia.train.run import Run
from rdfia.train.shapes import Shapes, activations, in_training

COPIES = 2  # in the working folder and in DVC's cache
RECORD = 4 * 2**20  # bytes of a run in reports, figures and MLflow: 3.6 MB each in the quick profile, without models
PROCESS = 300 * 2**20  # bytes of a process that trains, beside its network and its batch
FLOAT = 4
PASSES = 3  # of the operations of a forward pass, in a step: backward has twice as many
CALL = 6e5  # operations in whose time PyTorch is called once more in a forward pass, and for what follows from it
PAIR, FIT = 4, 1.5e8  # operations of a machine: for each product of a pair of examples, and beside these
SHAPES = {"circles": (2,), "digits": (1, 28, 28), "mnist": (1, 28, 28), "objects": (3, 32, 32), "cifar10": (3, 32, 32)}
COUNTS = {source.stands_for: source.train + source.test for source in (Mnist, Cifar10)}
UNKNOWN = 64  # the side of images of a folder whose settings do not say it


@dataclass(frozen=True)
class Needs:
    """Bytes of disk and of memory, and what they are counted from: runs, trainings of a seed, weights of all."""

    disk: int = 0
    memory: int = 0
    runs: int = 0
    seeds: int = 0
    weights: int = 0


@dataclass(frozen=True)
class Size:
    """A run's network: its weights for one seed, the bytes that it keeps of an example in training, and a forward pass.

    Of that the operations for an example, and the calls. A machine has its own, for each C, and weights are the numbers
    that it may keep.
    """

    weights: int
    kept: int
    operations: float
    calls: int = 0


class Pass(Flops):
    """A context that counts calls beside the operations."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, *given: Any) -> Any:
        self.calls += 1
        return super().__torch_function__(*given)


_measured: dict[str, Size] = {}


def needs(params: Mapping[str, Any], wanted: Iterable[tuple[str, str]], jobs: int) -> Needs:
    """Estimate what the wanted runs, as (chapter, run), take where nothing of them is there."""
    cards, memory = dict[str, dict[str, Any]](), list[int]()
    disk = seeds = weights = 0
    for chapter, name in wanted:
        run, dataset = runs.resolve(params, chapter, name), chapters.dataset(params, chapter)
        if dataset not in cards:
            cards[dataset] = card(params, dataset)
        size = measure(run, cards[dataset])
        disk += COPIES * FLOAT * run.seeds * (1 + len(getattr(run, "snapshots", ()))) * size.weights + RECORD
        memory.append(PROCESS + in_training(run, cards[dataset], size.weights, values(cards[dataset]), size.kept))
        seeds, weights = seeds + run.seeds, weights + run.seeds * size.weights
    data = sum(values(card) * sum(card["counts"].values()) for card in cards.values())
    together = sum(heapq.nlargest(jobs, memory))
    return Needs(disk + COPIES * data, data + together, len(memory), seeds, weights)


def card(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the card of a prepared data set; before that, what its source is known to have."""
    found = shape.find(layout.card(profile(params), name), shape.Card)
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
    size = (1 if dataset.grey else channels, *sides)
    return {"kind": kind, "classes": list(range(classes)), "shape": size, "counts": {"train": total}}


def values(card: Mapping[str, Any]) -> int:
    """Return how many numbers an example has."""
    return math.prod(card["shape"])


def cost(run: Run, card: Mapping[str, Any]) -> float:
    """Return the time that a run takes relative to others: its operations, with those that its calls are worth.

    Constants were fitted to the times of the runs of two profiles on two cores. Seeds of points train as one.
    """
    try:
        size = measure(run, card)
    except Exception:
        return 0.0  # its training says why it cannot be built
    if not isinstance(run, DescentRun | MaskedRun):
        return run.seeds * len(getattr(run, "C", (1,))) * size.operations
    examples = run.examples(card["counts"]["train"])
    steps = run.epochs * batches.per_epoch(examples, run.batch_size) * (1 if card["kind"] == "points" else run.seeds)
    return steps * (CALL * size.calls + PASSES * batches.size(run.batch_size, examples) * size.operations)


def measure(run: Run, card: Mapping[str, Any]) -> Size:
    """Return the size of a run's network, built once without numbers."""
    parts = (run.model, getattr(run, "decoder", None), run.normalise, run.augment, getattr(run, "sample", None))
    key = f"{parts!r} {card['shape']} {card['counts']['train']}"
    if key not in _measured:
        _measured[key] = _measure(run, card)
    return _measured[key]


def _measure(run: Run, card: Mapping[str, Any]) -> Size:
    if not isinstance(run, DescentRun | MaskedRun):
        examples = run.examples(card["counts"]["train"])
        kept = examples * values(card)
        return Size(kept, 0, FIT + PAIR * kept * examples)
    with torch.device("meta"), Shapes(), torch.no_grad():
        generator, counter = torch.Generator("cpu"), Pass()
        built, example = network(run, card, generator), example_input(run, card)
        weights = sum(weight.numel() for weight in run.around(built, generator).parameters())
        kept = activations(built, example)
        with counter:
            built(example)
        return Size(weights, kept, counter.total, counter.calls)
