"""What training costs on this machine, and the study beside it: `rdfia bench` writes its figures to files."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rdfia import config
from rdfia.config import ConfigError, options

FOLDER = Path("reports/bench")
PARTS = ("throughput", "sharing", "growth", "run", "overhead")


def measure(names: Sequence[str]) -> None:
    """Measure the parts that are named, all without names, each in a process of its own, as each sets itself up."""
    for name in names:
        if name not in PARTS:
            raise ConfigError(f"part: found {name!r}, allowed: {options(PARTS)}")
    chosen = [part for part in PARTS if part in names or not names]
    if len(chosen) > 1:
        for part in chosen:
            if code := subprocess.run([sys.executable, "-m", "rdfia", "bench", part], check=False).returncode:
                sys.exit(code)
        return
    from rdfia.bench import growth, overhead, run, sharing, throughput

    params = config.load()
    laptop = params | {"profile": "laptop"}  # whose network is full
    acts = {
        "throughput": lambda: throughput.measure(FOLDER, laptop),
        "sharing": lambda: sharing.measure(FOLDER, laptop),
        "growth": lambda: growth.measure(FOLDER, params),
        "run": lambda: run.measure(FOLDER),
        "overhead": lambda: overhead.measure(FOLDER),
    }
    acts[chosen[0]]()
