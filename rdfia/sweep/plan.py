"""What is to do: a task for each run of the stale stages."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from rdfia import chapters, closure, config, declared, places
from rdfia.chapters.work import effort, prepared, source, train
from rdfia.sweep.pool import Task
from rdfia.train import device


@dataclass(frozen=True)
class Stage:
    """A stale stage, its runs as tasks, and the digest of its inputs when it was planned."""

    name: str
    chapter: str
    runs: tuple[str, ...]
    profile: str
    tasks: tuple[Task, ...]
    inputs: str

    def digest(self) -> str:
        """The inputs as they are now."""
        return digest(config.load(), self.chapter, self.runs)

    def tidy(self) -> None:
        """In a stage of a whole chapter, remove what DVC would have: the files of runs that are declared no more."""
        if "-" in self.name:
            return
        folders = places.run(self.profile, self.chapter, "any").parent
        for folder in folders.iterdir():
            if folder.name not in self.runs:
                shutil.rmtree(folder)
        for weights in places.weights(self.profile, self.chapter, "any").parent.glob("*.safetensors"):
            if weights.stem not in self.runs:
                weights.unlink()


def plan(params: Mapping[str, Any], stale: Iterable[tuple[str, str, tuple[str, ...]]]) -> list[Stage]:
    """The stale stages with a task for each of their runs. Data are read once a chapter, and shared by all forks."""
    torch.set_num_threads(1)
    name = config.profile(params)
    chosen = list(stale)
    names = {chapter: [r for _, c, runs in chosen if c == chapter for r in runs] for _, chapter, _ in chosen}
    loaded = {chapter: prepared(params, chapter, list(runs)) for chapter, runs in names.items()}
    jobs = 1 if device.device().type == "cpu" else device.jobs()
    stages = []
    for stage, chapter, runs in chosen:
        known, data = loaded[chapter]
        tasks = tuple(
            Task(f"{chapter}/{r}", effort(known[r]), partial(train, name, chapter, r, known[r], data, jobs))
            for r in runs
        )
        stages.append(Stage(stage, chapter, runs, name, tasks, digest(params, chapter, runs)))
    return stages


def waves(params: Mapping[str, Any], names: Iterable[str]) -> list[list[str]]:
    """Chapters in the order in which they can be trained: those that begin from runs of others come after these."""
    later, every = list[str](), list(names)
    for chapter in every:
        runs = [chapters.resolve(params, chapter, run) for run in declared.trained(params, chapter)]
        later += [chapter] if any(source(run) for run in runs) else []
    first = [chapter for chapter in every if chapter not in later]
    return [wave for wave in (first, later) if wave]


def digest(params: Mapping[str, Any], chapter: str, runs: Iterable[str]) -> str:
    """Everything that the runs depend on: their settings, the code as it lies there, and the data."""
    without = declared.left_out(params, chapter)
    kept = [run for run in runs if run not in without]
    settings = {run: chapters.resolve(params, chapter, run).model_dump(mode="json") for run in kept}
    folder = places.data(config.profile(params), chapters.dataset(params, chapter))
    found = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    found.update(closure.fingerprint(closure.FAMILIES[chapter], Path()).encode())
    begins = {source(chapters.resolve(params, chapter, run)) for run in kept} - {None}
    weights = [places.weights(config.profile(params), *begin) for begin in begins if begin]
    for path in sorted([*folder.glob("*.safetensors"), *weights]):
        found.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return found.hexdigest()
