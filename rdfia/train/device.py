"""The device to compute with, how a process is set up for it, how many share it, and a description of the machine."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from rdfia.config import ConfigError, switched_on

os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # asks without starting CUDA, for the same reason

SHARED = 4  # processes on one accelerator


def device() -> torch.device:
    """Return the accelerator if there is one, else the CPU; `RDFIA_DEVICE` decides otherwise."""
    name = os.environ.get("RDFIA_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        where = torch.device(name)
        there = where.type == "cuda" and torch.cuda.is_available() and (where.index or 0) < torch.cuda.device_count()
        if not there:  # where it is, nothing is put there: processes that are forked from this one could not use it
            torch.empty(0, device=where).tolist()  # of which `meta` has no numbers
    except (RuntimeError, AssertionError):
        raise ConfigError(f"RDFIA_DEVICE: found {name!r}, allowed: a device of this PyTorch, like cpu") from None
    return where


def settle() -> None:
    """Set this process up for training, with all that are forked from it.

    Sums are the same however many processes there are: each has one thread. `RDFIA_DETERMINISTIC=1` refuses kernels of
    an accelerator that add in no fixed order.
    """
    torch.set_num_threads(1)
    if switched_on("RDFIA_DETERMINISTIC"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it begins
        torch.use_deterministic_algorithms(True)
        # Filling what is allocated with NaN costs time, and nothing here reads what it has not written.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


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


def machine(where: torch.device) -> dict[str, Any]:
    """Describe everything that a measured time depends on, but for the precision."""
    return {
        "processor": torch.cuda.get_device_name(where) if where.type == "cuda" else _processor(),
        "cores": os.cpu_count(),
        "device": str(where),
        "python": platform.python_version(),
        "platform": platform.system(),
    }


def _processor() -> str:
    """Return the processor's model name where the system knows it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
