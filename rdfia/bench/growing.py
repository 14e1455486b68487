"""A study of as many runs, images, epochs and seeds as are asked for, in a folder of its own, and what commands cost.

It is real but for one thing: where runs are many, one is trained and the others get its files, written by the study's
own writer with the settings and the code of each.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from rdfia import chapters, config
from rdfia.config import ConfigError
from rdfia.record import layout, outcome
from rdfia.study import runs
from rdfia.study.train_run import events, load_data, tasks

PROFILE, CHAPTER, DATASET = "growth", "cnn", "cifar10_grey"
SMALLEST = {"channels": [4], "hidden": 8}
CODE = ("rdfia", "stages")
GROUP = 10  # runs: that many are drawn together, as in the study
PAUSE = 0.2  # seconds between two looks at the memory of a command's processes
FILL = "from rdfia.bench import growing; growing.fill()"


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock and of processors, bytes of its largest process and of all at once.

    The last is looked at now and then: what processes share is counted once.
    """

    clock: float
    processor: float
    largest: int
    together: int


def parameters(
    params: Mapping[str, Any], count: int = 1, images: int = 80, model: Mapping[str, Any] = SMALLEST, **settings: int
) -> dict[str, Any]:
    """Return parameters of so many runs on so many train images; runs differ in a learning rate, by very little."""
    base = params[CHAPTER]["base"]
    source = {"name": "objects", "train": images + 40, "test": 60}
    lines = {
        f"run_{n}": {
            "title": f"run {n}",
            "group": f"group {n // GROUP}",
            "optimiser": {"learning_rate": 0.1 + n * 1e-6},
        }
        for n in range(count)
    }
    own = {"seeds": 2, "epochs": 2, "batch_size": 32, "model": dict(model), **settings}
    return {
        "profile": PROFILE,
        "profiles": {PROFILE: {"data": {DATASET: {"source": source, "validation": 40}}, CHAPTER: own}},
        "data": {name: params["data"][name] for name in ("circles", DATASET)},
        CHAPTER: {"dataset": DATASET, "base": base, "runs": lines},
        "theory": {"batches": {}},
    }


class Folder:
    """A study in a folder, and commands there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def new(cls, root: Path, params: Mapping[str, Any]) -> "Folder":
        """Make a folder with the code and these parameters, and nothing run."""
        for name in CODE:
            shutil.copytree(layout.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(layout.ROOT / ".dvcignore", root / ".dvcignore")
        made = cls(root)
        made.dvc("init", "--no-scm", "-q")
        made.write(params)
        return made

    def copy(self, root: Path) -> "Folder":
        """Copy the folder with all that was run."""
        return Folder(Path(shutil.copytree(self.root, root)))

    def write(self, params: Mapping[str, Any]) -> None:
        """Change the parameters, and the pipeline with them."""
        (self.root / config.PARAMS).write_text(yaml.safe_dump(dict(params), sort_keys=False), encoding="utf-8")
        self.rdfia("pipeline")

    def rdfia(self, *words: str) -> Cost:
        """Give a command of the project."""
        return self.python("-m", "rdfia", *words)

    def stage(self, name: str, *words: str) -> Cost:
        """Do what a stage does, without DVC."""
        return self.python("-m", f"stages.{name}", *words)

    def dvc(self, *words: str) -> Cost:
        """Give a command of DVC."""
        return self.python("-m", "dvc", *words)

    def python(self, *words: str) -> Cost:
        """Run Python in the folder and return what it cost; where it fails, its last line is the error."""
        log = self.root / ".said"
        with log.open("w", encoding="utf-8") as said:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, *words], cwd=self.root, env=_environment(), stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            cost = _watched(process, begun)
        if process.returncode:
            last = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["nothing said"]
            raise ConfigError(f"{' '.join(words)} in {self.root}: ended with {process.returncode}: {last[0]}")
        return cost

    def size(self, path: str, pattern: str = "*") -> int:
        """Return the bytes of a file, or of the files below a folder."""
        return sum(file.stat().st_size for file in self.files(path, pattern))

    def files(self, path: str, pattern: str = "*") -> list[Path]:
        """Return a file, or the files below a folder."""
        place = self.root / path
        return [place] if place.is_file() else [file for file in place.rglob(pattern) if file.is_file()]


def _environment() -> dict[str, str]:
    """The same Python for stages too, which may keep its bytecode, and nothing of a tracker or experiment around us."""
    ours = ("MLFLOW_", "DVC_", "RDFIA_", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "DVC_NO_ANALYTICS": "1"}


def _watched(process: subprocess.Popen[bytes], begun: float) -> Cost:
    """Wait for a process and look at its memory meanwhile; whatever ends us ends it."""
    largest = together = 0
    try:
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            found = list(_memory(process.pid))
            largest = max([largest, *(peak for peak, _ in found)])
            together = max(together, sum(own for _, own in found))
            time.sleep(PAUSE)
    except BaseException:
        process.kill()
        raise
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(time.perf_counter() - begun, used.ru_utime + used.ru_stime, largest, max(largest, together))


def _memory(process: int) -> Iterator[tuple[int, int]]:
    """Yield of a process and all that it began the most bytes that it had, and its part of what it shares now.

    `ru_maxrss` would not do: it has what the process was before it became another program, which is we.
    """
    with suppress(psutil.Error):
        for one in (parent := psutil.Process(process), *parent.children(recursive=True)):
            with suppress(psutil.Error, OSError):
                used, status = one.memory_full_info(), Path(f"/proc/{one.pid}/status")
                peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
                yield int(peak[1]) * 1024 if peak else used.rss, getattr(used, "pss", used.uss)


def fill() -> None:
    """In a folder's own process: train the first run, and give its files to every run, each under its declaration."""
    params = config.load()
    profile = config.profile(params)
    data = load_data(profile, chapters.dataset(params, CHAPTER))
    made = tasks(params, {CHAPTER: runs.runs(params, CHAPTER)})
    gathered = outcome.Outcome()
    for seed, report in events(made[0].run, data, 1):  # type: ignore[arg-type]
        gathered.add(seed, report)
    for task in made:
        outcome.write(gathered, layout.trained(profile, CHAPTER, task.name), task.head, task.run, data)  # type: ignore[arg-type]
