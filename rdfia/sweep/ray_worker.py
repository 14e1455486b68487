"""What a worker of a Ray cluster does: it trains one run in an empty folder and gives the files back as bytes.

Until the worker is known to be equal to the driver, nothing is imported that a machine may lack.
"""

import hashlib
import json
import os
import platform
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdfia.study.train_run import Task
    from rdfia.train.run import Data

PACKAGES = ("torch", "numpy", "timm", "scikit-learn", "safetensors")  # whose versions a record names
REFUSED, BEGAN, LINE, CHECKPOINT, FILES = "refused", "began", "line", "checkpoint", "files"
PAUSE = 5.0  # seconds between two looks for a checkpoint where nothing is said
Told = tuple[str, Any]  # one of the words above, and what is told


@cache
def versions() -> dict[str, str]:
    """Return what must be the same on every machine for the bytes to be the same; of rdfia a hash of its sources."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    found = {"Python": platform.python_version(), "rdfia": digest.hexdigest()[:12]}
    return found | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def packed(data: "Data") -> dict[str, Any]:
    """Return data as arrays, which all workers of a machine read from one place in its memory."""
    return {
        "card": dict(data.card),
        "statistics": {name: tensor.numpy() for name, tensor in data.statistics.items()},
        "train": tuple(tensor.numpy() for tensor in data.train),
        "validation": tuple(tensor.numpy() for tensor in data.validation),
    }


def _unpacked(arrays: Mapping[str, Any]) -> "Data":
    """Return the data of arrays that nobody may write to; training copies what it changes."""
    import torch

    from rdfia.train.run import Data

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        statistics = {name: torch.from_numpy(array) for name, array in arrays["statistics"].items()}
        train, validation = (tuple(map(torch.from_numpy, arrays[name])) for name in ("train", "validation"))
    return Data(arrays["card"], statistics, train, validation)  # type: ignore[arg-type]


def work(
    described: str,
    expected: Mapping[str, str],
    data: Mapping[str, Any],
    checkpoints: Mapping[str, bytes],
    weights: bytes | None,
) -> Iterator[Told]:
    """Train a run and yield how it goes, its checkpoints, and last its files by name.

    `described` is the run as JSON; with `weights` it begins from those, whatever its settings call them.
    """
    import ray

    node, own = ray.get_runtime_context().get_node_id(), versions()
    differing = [f"{name} {own[name]} there, {here} here" for name, here in expected.items() if own[name] != here]
    if differing:
        yield REFUSED, (node, ", ".join(differing))
        return
    yield BEGAN, node
    from rdfia.record import layout

    task = _task(json.loads(described))
    place = (task.profile, task.chapter, task.name)
    with _empty_folder(), ThreadPoolExecutor(1) as thread:
        unfinished = layout.checkpoints(*place)
        unfinished.mkdir(parents=True)
        for name, content in checkpoints.items():
            (unfinished / name).write_bytes(content)
        seen = {path.name: path.stat().st_mtime_ns for path in unfinished.iterdir()}
        lines = SimpleQueue[str | None]()
        training = thread.submit(_train, task, _unpacked(data), weights, lines)
        while (line := _next(lines)) is not None:
            if line:
                yield LINE, line
            for one in _written(unfinished, seen):
                yield CHECKPOINT, one
        training.result()
        files = {path.name: path.read_bytes() for path in layout.trained(*place).iterdir()}
    yield FILES, files  # after the folder is left: the driver hears no further, and so nothing after this is done


@contextmanager
def _empty_folder() -> Iterator[None]:
    """Work in a folder that goes again; where a worker was before, Ray may have removed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(tempfile.gettempdir())


def _task(found: Mapping[str, Any]) -> "Task":
    """Return the run that a driver described."""
    from rdfia.chapters import run_class
    from rdfia.study.train_run import Task

    return Task(**{**found, "run": run_class(found["kind"]).model_validate_json(json.dumps(found["run"]))})


def _train(task: "Task", data: "Data", weights: bytes | None, lines: SimpleQueue[str | None]) -> None:
    """Train a run in the folder that is the current one; the last line is None."""
    from rdfia.study.train_run import at_path, train

    path = Path("weights").resolve()
    try:
        if weights is not None:
            path.write_bytes(weights)
        train(task, data, 1, lines.put, lambda run, _: run if weights is None else at_path(run, path))
    finally:
        lines.put(None)


def _next(lines: SimpleQueue[str | None]) -> str | None:
    """Return the next line, an empty one after a while without."""
    try:
        return lines.get(timeout=PAUSE)
    except Empty:
        return ""


def _written(folder: Path, seen: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the checkpoints that were written since they were last seen; training may remove one meanwhile."""
    for path in folder.glob("*.safetensors"):
        with suppress(FileNotFoundError):
            written = path.stat().st_mtime_ns
            if seen.get(path.name) != written:
                seen[path.name] = written
                yield path.name, path.read_bytes()
