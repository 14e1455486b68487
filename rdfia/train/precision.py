"""The precision of a run: bfloat16 where a step of its own network shows it right and fast, else float32."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.train.classifier import example_input, network
from rdfia.train.device import device

PrecisionName = Literal["float32", "bfloat16", "auto"]
Precision = Callable[[], AbstractContextManager[object]]
BFLOAT16, FLOAT32 = "bfloat16", "float32"
ERROR = 0.02  # of the gradient's length: rounding to 8 bits changes half a percent
# How much faster it must be. On an accelerator a small network's step is mostly waiting for Python, and several runs
# share it: there it must be no slower, and leaves more of the accelerator to the others.
FASTER = {"cpu": 1.25, "cuda": 0.9}
LARGEST, TIMES = 256, 3  # examples of the step, and how often it is timed


@dataclass(frozen=True)
class Trial:
    """A step in bfloat16 against one in float32: how far the gradients part, and how much faster it is."""

    error: float
    speed: float

    def passes(self, where: torch.device) -> bool:
        """Return whether bfloat16 is right and fast enough there."""
        return self.error <= ERROR and self.speed >= FASTER.get(where.type, FASTER["cpu"])


_tried: dict[tuple[Any, ...], Trial] = {}  # processes that are forked from this one share what it measured


def resolve(run: Any, card: Mapping[str, Any]) -> str:
    """Return the precision of a run on the data that `card` describes; `auto` is measured once for each network."""
    name: str = getattr(run, "precision", "float64")
    if name != "auto":
        return name
    return BFLOAT16 if trial(run, card).passes(device()) else FLOAT32


def described(run: Any, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the precision of a run, and where it was measured what came out."""
    found = {"precision": resolve(run, card)}
    if getattr(run, "precision", "") != "auto":
        return found
    measured = trial(run, card)
    return found | {"bfloat16": {"error": round(measured.error, 5), "speed": round(measured.speed, 2)}}


def autocast(name: str, where: torch.device) -> Precision:
    """Return a function that makes a fresh context for each forward pass."""
    return partial(torch.autocast, where.type, dtype=torch.bfloat16) if name == BFLOAT16 else nullcontext


def trial(run: Any, card: Mapping[str, Any]) -> Trial:
    """Take steps of the run's own network in both precisions, on noise in the shape of its batches."""
    where, size = device(), run.batch_size
    count = LARGEST if size == "all" else min(size, LARGEST)
    key = (str(where), run.model.model_dump_json(), count, tuple(card["shape"]))
    if key not in _tried:
        generator = Generator().manual_seed(0)
        built = network(run, card, generator).to(where).to(memory_format=torch.channels_last)
        x = torch.randn(count, *example_input(run, card).shape[1:], generator=generator).to(where)
        y = torch.zeros(count, dtype=torch.int64, device=where)  # of one class, so that their gradients add up
        _tried[key] = _trial(built.eval(), x, y)  # without dropout both see the same network
    return _tried[key]


def _trial(built: nn.Module, x: Tensor, y: Tensor) -> Trial:
    """Compare the two precisions; where bfloat16 cannot be computed with, its error is infinite."""
    exact, slow = _timed_gradient(built, x, y, FLOAT32)
    try:
        rough, fast = _timed_gradient(built, x, y, BFLOAT16)
    except RuntimeError:
        return Trial(float("inf"), 0.0)
    error = float((rough - exact).norm() / exact.norm())
    return Trial(error if error == error else float("inf"), slow / fast)


def _timed_gradient(built: nn.Module, x: Tensor, y: Tensor, name: str) -> tuple[Tensor, float]:
    """Return the gradient of a batch's loss as one vector, and the best time of some."""
    times, precision = [], autocast(name, x.device)
    gradient = torch.empty(0)
    for _ in range(1 + TIMES):
        start = time.perf_counter()
        built.zero_grad()
        with precision():
            logits = built(x)
        F.cross_entropy(logits.float(), y).backward()
        parts = [w.grad.flatten() for w in built.parameters() if w.grad is not None]
        gradient = torch.cat(parts).cpu()  # which waits for an accelerator
        times.append(time.perf_counter() - start)
    return gradient, min(times[1:])
