"""What training costs on this machine, and the study beside it: `rdfia bench` writes its figures to files."""

from collections.abc import Sequence
from pathlib import Path

from rdfia import config
from rdfia.config import ConfigError, options

FOLDER = Path("reports/bench")
# In this order: the processes of the first inherit what this one has set up, and the last two train here.
PARTS = ("throughput", "growth", "run", "overhead")


def measure(names: Sequence[str]) -> None:
    """Measure the parts that are named, all without names."""
    for name in names:
        if name not in PARTS:
            raise ConfigError(f"part: found {name!r}, allowed: {options(PARTS)}")
    from rdfia.bench import growth, overhead, run, throughput

    params = config.load()
    acts = {
        "throughput": lambda: throughput.measure(FOLDER, params | {"profile": "laptop"}),  # whose network is full
        "growth": lambda: growth.measure(FOLDER, params),
        "run": lambda: run.measure(FOLDER),
        "overhead": lambda: overhead.measure(FOLDER),
    }
    for name in PARTS:
        if name in names or not names:
            acts[name]()
