"""The precision of a run: the fastest that a step of its own network shows right, else float32."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rdfia.data.products import products
from rdfia.train import graphs
from rdfia.train.classifier import example_input, network
from rdfia.train.device import device

PrecisionName = Literal["float32", "tf32", "bfloat16", "auto"]
FLOAT32, TF32, BFLOAT16 = "float32", "tf32", "bfloat16"
TRIED = {"cuda": (TF32, BFLOAT16)}  # beside float32; elsewhere it is bfloat16
ERROR = 0.02  # of the gradient's length: rounding to 8 bits changes half a percent
FASTER = 1.25  # than what is more exact, to be worth it
LARGEST, TIMES, STEPS = 256, 3, 10  # examples of the step, how often it is timed, and the replays of each time


@dataclass(frozen=True)
class Precision:
    """What a network is computed in on a device: float32 exactly, with its products in TF32, or in bfloat16."""

    name: str
    where: torch.device

    def forward(self) -> AbstractContextManager[object]:
        """Return a fresh context for a forward pass."""
        return _bfloat16(self.where) if self.name == BFLOAT16 else self.backward()

    def backward(self) -> AbstractContextManager[object]:
        """Return a fresh context for a backward pass, which takes the types of the forward pass by itself."""
        return products("tf32" if self.name == TF32 else "ieee")


@contextmanager
def _bfloat16(where: torch.device) -> Iterator[None]:
    """Compute products in bfloat16; on a processor attention in its parts, whose fused backward pass is slow there."""
    attention = sdpa_kernel(SDPBackend.MATH) if where.type == "cpu" else nullcontext()
    with torch.autocast(where.type, dtype=torch.bfloat16), attention:
        yield


@dataclass(frozen=True)
class Trial:
    """A step in some precision against one in float32: how far the gradients part, and how much faster it is."""

    error: float
    speed: float


def others(where: torch.device) -> tuple[str, ...]:
    """Return what may replace float32 there, the more exact first."""
    return TRIED.get(where.type, (BFLOAT16,))


known: dict[tuple[Any, ...], dict[str, Trial]] = {}  # what was measured here, and in processes that this one asked


def resolve(run: Any, card: Mapping[str, Any]) -> str:
    """Return the precision of a run on the data that `card` describes; `auto` is measured once for each network."""
    name: str = getattr(run, "precision", "float64")
    if name == TF32 and TF32 not in others(device()):
        return FLOAT32  # which is what it is there
    if name != "auto":
        return name
    name, speed = FLOAT32, 1.0
    for other, trial in trials(run, card).items():
        if trial.error <= ERROR and trial.speed >= FASTER * speed:
            name, speed = other, trial.speed
    return name


def described(run: Any, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the precision of a run, and where it was measured what came out."""
    tried = trials(run, card) if getattr(run, "precision", "") == "auto" else {}
    measured = {name: {"error": round(t.error, 5), "speed": round(t.speed, 2)} for name, t in tried.items()}
    return {"precision": resolve(run, card)} | measured


def trials(run: Any, card: Mapping[str, Any]) -> dict[str, Trial]:
    """Take steps of the run's own network in every precision, on noise in the shape of its batches."""
    where, size = device(), run.batch_size
    count = LARGEST if size == "all" else min(size, LARGEST)
    shape = tuple(example_input(run, card).shape[1:])
    settings = run.model.model_dump_json(exclude={"start"})  # weights to begin from change neither error nor speed
    key = (str(where), settings, count, shape)
    if key not in known:
        generator = Generator().manual_seed(0)
        built = network(run, card, generator).to(where).to(memory_format=torch.channels_last)
        x = torch.randn(count, *shape, generator=generator).to(where)
        y = torch.zeros(count, dtype=torch.int64, device=where)  # of one class, so that their gradients add up
        known[key] = _trials(built.eval(), x, y)  # without dropout all see the same network
    return known[key]


def _trials(built: nn.Module, x: Tensor, y: Tensor) -> dict[str, Trial]:
    """Compare the others with float32; where one cannot be computed with, its error is infinite."""
    exact, slow = _timed_gradient(built, x, y, FLOAT32)
    found = {}
    for name in others(x.device):
        try:
            rough, fast = _timed_gradient(built, x, y, name)
        except RuntimeError:
            found[name] = Trial(float("inf"), 0.0)
            continue
        error = float((rough - exact).norm() / exact.norm())
        found[name] = Trial(error if error == error else float("inf"), slow / fast)
    return found


def _timed_gradient(built: nn.Module, x: Tensor, y: Tensor, name: str) -> tuple[Tensor, float]:
    """Return the gradient of a batch's loss as one vector, and the best time of some.

    A small network's step on an accelerator is mostly waiting for Python. There it is the accelerator's own time that
    counts, as several runs share it: that of steps which are replayed.
    """
    precision = Precision(name, x.device)

    def step() -> None:
        built.zero_grad()
        with precision.forward():
            logits = built(x)
        loss = F.cross_entropy(logits.float(), y)
        with precision.backward():
            loss.backward()

    step()
    gradient = torch.cat([w.grad.flatten() for w in built.parameters() if w.grad is not None]).cpu()
    act, count = (graphs.replay(step), STEPS) if x.device.type == "cuda" else (step, 1)
    return gradient, min(_seconds(act, count, x.device) for _ in range(TIMES))


def _seconds(act: Callable[[], object], count: int, where: torch.device) -> float:
    """Time some steps to their end."""
    start = time.perf_counter()
    for _ in range(count):
        act()
    if where.type != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter() - start
