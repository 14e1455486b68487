"""What training is measured against: the course's loop, today's advice, the bare step, and the best matrix product.

Each of them works in a process of its own, so that none inherits another's threads or memory.
"""

import copy
import os
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torchvision.transforms as course_transforms
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from rdfia.bench.transforms import mixing, transforms
from rdfia.train import device
from rdfia.train.classifier import Classifier, build
from rdfia.train.fit import EVALUATION_BATCH, cross_entropy
from rdfia.train.precision import Precision
from rdfia.train.run import Data

CPU = torch.device("cpu")
WORKERS, STEPS = 2, 10
SIDES, PRODUCTS = (512, 1024, 2048), 3  # of the matrix products, and how many of each
Step = Callable[[Tensor, Tensor], object]


@dataclass(frozen=True)
class Pace:
    """Images, the seconds that they took, those of the processors, and beside it the best matrix product.

    The product is in operations a second of one processor.
    """

    images: int
    seconds: float
    processor: float
    product: float = 0.0


def paced(action: Callable[[], int], product: float = 0.0) -> Pace:
    """Time an action that returns how many images it trained."""
    start, processor = time.perf_counter(), time.process_time()
    images = action()
    return Pace(images, time.perf_counter() - start, time.process_time() - processor, product)


class Pictures:
    """A data set as the course has it: an image and its label by an index, changed when it is asked for."""

    def __init__(self, images: list[Any], labels: Tensor, change: Callable[[Any], Any]) -> None:
        self.images, self.labels, self.change = images, labels, change

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, Tensor]:
        return self.change(self.images[index]), self.labels[index]


def course(run: Any, data: Data) -> Pace:
    """Time the course's loop: PIL images, transforms of each, a DataLoader, float32, and `.item()` in every batch."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    x, y = data.train
    change = transforms(run.augment, course_transforms.ToTensor(), moments(data), course_transforms)
    pictures = Pictures([course_transforms.ToPILImage()(image) for image in x], y, change)
    network = in_the_courses_order(_model(run, data).network)
    step = course_step(network, torch.optim.SGD(network.parameters(), run.optimiser.learning_rate))
    mix = mixing(run.mixing, len(data.card["classes"]))
    loader = partial(DataLoader, pictures, run.batch_size, shuffle=True, num_workers=WORKERS)  # type: ignore[arg-type]
    return timed_loop(loader, lambda images, labels: step(*mix(images, labels)))


def course_step(network: nn.Module, optimiser: Any) -> Callable[[Tensor, Tensor], tuple[float, float, float]]:
    """Return a step that gives loss, top-1 and top-5 of its batch as numbers."""
    criterion = nn.CrossEntropyLoss()

    def step(images: Tensor, targets: Tensor) -> tuple[float, float, float]:
        logits = network(images)
        loss = criterion(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        labels = targets.argmax(1) if targets.ndim == 2 else targets
        hits = logits.topk(5).indices == labels[:, None]
        return loss.item(), hits[:, 0].float().mean().item(), hits.any(1).float().mean().item()

    return step


def advised(run: Any, data: Data) -> Pace:
    """Time today's advice: transforms v2 of tensors, workers that stay, channels last, and scores read at the end."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    x, y = data.train
    change = transforms(run.augment, v2.ToDtype(torch.float32, scale=True), moments(data), v2)
    network = in_the_courses_order(_model(run, data).network).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), run.optimiser.learning_rate)
    mix, precision = mixing(run.mixing, len(data.card["classes"])), Precision(run.precision, CPU)
    total = torch.zeros(())

    def step(images: Tensor, labels: Tensor) -> None:
        images, targets = mix(images.to(memory_format=torch.channels_last), labels)
        with precision.forward():
            loss = nn.functional.cross_entropy(network(images), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total.add_(loss.detach())

    loader = partial(
        DataLoader,
        Pictures(list(x), y, change),  # type: ignore[arg-type]
        run.batch_size,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
    )
    return timed_loop(loader, step)


def timed_loop(make_loader: Callable[[], Iterable[tuple[Tensor, Tensor]]], step: Step) -> Pace:
    """Time the steps of an epoch but the first, before which the workers start; their processor time is shared out."""
    images, first, start, processor = 0, 0, 0.0, 0.0
    loader = make_loader()
    for x, y in loader:
        step(x, y)
        if first:
            images += len(y)
        else:
            first, start, processor = len(y), time.perf_counter(), time.process_time()
    seconds, own = time.perf_counter() - start, time.process_time() - processor
    del loader  # ends workers that stay, whose time is known then
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = (children.ru_utime + children.ru_stime) * images / (images + first)
    return Pace(images, seconds, own + workers)


def bare(run: Any, data: Data, start: Callable[[], object], fast: bool = True) -> Pace:
    """Time steps on one fixed batch: forward, backward, update; and matrix products in the same precision.

    Not `fast`, ReLU comes before the pooling. It begins with an evaluation, as training does: the C library keeps freed
    memory of the largest size that it has seen, and a step alone would pay for each of its pages again.
    """
    device.settle()
    model = _model(run, data)
    network = (model.network if fast else in_the_courses_order(model.network)).to(memory_format=torch.channels_last)
    descent, precision = run.optimiser.over(network.parameters()), Precision(run.precision, CPU)
    x, y = data.train[0][: run.batch_size], data.train[1][: run.batch_size]
    with torch.no_grad():
        images = model.augmented(x, Generator().manual_seed(0)).contiguous(memory_format=torch.channels_last)

    def steps(count: int) -> int:
        for _ in range(count):
            with precision.forward():
                logits = network(images)
            cross_entropy(logits, y).backward()
            descent.step(1.0)
        return count * len(y)

    with torch.no_grad(), precision.forward():
        network(images.repeat(EVALUATION_BATCH // len(images) + 1, 1, 1, 1)[:EVALUATION_BATCH])
    steps(3)
    start()
    return paced(partial(steps, STEPS), best_product(run.precision))


def best_product(precision: str) -> float:
    """Return the operations a processor second of the square matrix product that has the most of them."""
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rates = []
    for side in SIDES:
        a, b = torch.randn(2, side, side, generator=Generator().manual_seed(0)).to(dtype).unbind()
        a @ b
        begun = time.process_time()
        for _ in range(PRODUCTS):
            a @ b
        rates.append(PRODUCTS * 2 * side**3 / (time.process_time() - begun))
    return max(rates)


def _model(run: Any, data: Data) -> Classifier:
    return build(run, data.card, data.statistics, Generator().manual_seed(0))


def moments(data: Data) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel, as torchvision takes them."""
    mean, std = (data.statistics[f"standardise/{name}"].flatten().tolist() for name in ("mean", "std"))
    return mean, std


def in_the_courses_order(network: Any) -> nn.Module:
    """Return a copy of a convolutional network in which ReLU comes before the pooling."""
    other = copy.deepcopy(network)
    layers = list(other.features)
    for at, layer in enumerate(network.features):
        if isinstance(layer, nn.MaxPool2d):
            layers[at], layers[at + 1] = layers[at + 1], layers[at]
    other.features = nn.Sequential(*layers)
    return other  # type: ignore[no-any-return]
