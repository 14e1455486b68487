"""The device and the precision to compute with, and a description of the machine."""

import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from rdfia.config import ConfigError

os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # asks without starting CUDA, for the same reason

SHARED = 4  # processes on one accelerator
PrecisionName = Literal["float32", "bfloat16", "auto"]


def device() -> torch.device:
    """Return the accelerator if there is one, else the CPU; `RDFIA_DEVICE` decides otherwise."""
    available = torch.cuda.is_available()
    name = os.environ.get("RDFIA_DEVICE") or ("cuda" if available else "cpu")
    if name == "cuda" and available:
        return torch.device(name)  # nothing is put there: processes that are forked from this one could not use it
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError):
        raise ConfigError(f"RDFIA_DEVICE: found {name!r}, allowed: a device of this PyTorch, like cpu") from None
    return torch.device(name)


def jobs() -> int:
    """Return the number of processes that train at once: `RDFIA_JOBS`, or one a core; one without `fork`.

    An accelerator is shared by a few: a small network asks for so little at a time that one process leaves it idle.
    """
    if not sys.platform.startswith("linux"):
        return 1
    cores = len(os.sched_getaffinity(0))
    text = os.environ.get("RDFIA_JOBS", "")
    if not text:
        return cores if device().type == "cpu" else min(cores, SHARED)
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise ConfigError(f"RDFIA_JOBS: found {text!r}, allowed: 1 to 256 processes")
    return int(text)


def jobs_within() -> int:
    """Return the number of a run's seeds that train at once where the run is alone.

    On an accelerator one after the other, as what is prepared for all seeds lies there and no other process can use it.
    """
    return jobs() if device().type == "cpu" else 1


@cache
def resolve_precision(name: PrecisionName, where: torch.device) -> Literal["float32", "bfloat16"]:
    """Resolve `auto`: to bfloat16 where a short self-test shows it both accurate and faster, else to float32.

    Measured once a process, so that every seed of a run has the same.
    """
    if name != "auto":
        return name
    return "bfloat16" if _bfloat16_is_faster(where) else "float32"


def autocast(name: Literal["float32", "bfloat16"], where: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return a function that makes a fresh context for each forward pass."""
    if name == "float32":
        return nullcontext
    return partial(torch.autocast, where.type, dtype=torch.bfloat16)


def _bfloat16_is_faster(where: torch.device) -> bool:
    """Time a convolution forward and backward: gradients within 2 % of float32's, and at least a quarter faster."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv2d(32, 64, 5, padding=2).to(where).to(memory_format=torch.channels_last)
    x = torch.randn(64, 32, 16, 16, generator=generator).to(where, memory_format=torch.channels_last)
    try:
        (exact, slow), (rough, fast) = (
            _timed_gradient(layer, x, autocast(name, where)) for name in ("float32", "bfloat16")
        )
    except RuntimeError:
        return False
    error = F.mse_loss(rough, exact).sqrt() / exact.square().mean().sqrt()
    return bool(error < 0.02) and fast * 1.25 < slow


def _timed_gradient(layer: nn.Module, x: torch.Tensor, context: Callable[[], Any]) -> tuple[torch.Tensor, float]:
    """Return the weight gradient of a fixed loss, and the best time of three."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        layer.zero_grad()
        with context():
            y = layer(x)
        y.float().square().mean().backward()
        gradient: torch.Tensor = next(layer.parameters()).grad.detach().cpu()  # type: ignore[union-attr]
        times.append(time.perf_counter() - start)
    return gradient, min(times[1:])


def machine(where: torch.device, precision: str) -> dict[str, Any]:
    """Describe everything that a measured time depends on."""
    return {
        "processor": torch.cuda.get_device_name(where) if where.type == "cuda" else _processor(),
        "cores": os.cpu_count(),
        "device": str(where),
        "precision": precision,
        "python": platform.python_version(),
        "platform": platform.system(),
    }


def _processor() -> str:
    """Return the processor's model name where the system knows it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
