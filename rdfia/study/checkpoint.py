"""Checkpoints: what a run that is killed goes on from. They are files of this machine, and no results.

There is one file for each group of seeds that train as one: the state of training, and all that its seeds reported.
Only the same run uses it: of the same settings, code, data, weights to begin from, versions of libraries and device.
"""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rdfia.config import ConfigError
from rdfia.files import in_copy, write_atomically
from rdfia.train import device, precision
from rdfia.train.run import Checkpoint, Data, Event, Program, Record, Run, Snapshot, Trained
from rdfia.train.state import State, below

INTERVAL = 120.0  # seconds before the first checkpoint, and at least between two
SHARE = 0.02  # of the time is the most that checkpoints cost, and as much those of seeds that have ended
Report = Record | Snapshot | Trained


def interval() -> float:
    """Return the seconds between two checkpoints: `RDFIA_CHECKPOINT_SECONDS`; with 0 every epoch has one."""
    text = os.environ.get("RDFIA_CHECKPOINT_SECONDS", "")
    try:
        seconds = float(text or INTERVAL)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise ConfigError(f"RDFIA_CHECKPOINT_SECONDS: found {text!r}, allowed: a number from 0")
    return seconds


def key(head: Mapping[str, str], run: Run, data: Data) -> str:
    """Return the SHA-256 of all that a run's training depends on; `head` has its name and the hash of its code."""
    machine = device.machine(device.device()) | {"precision": precision.resolve(run, data.card)}
    depends = {
        **head,
        "settings": run.model_dump(mode="json"),
        "data": dict(data.card),
        "versions": {package: version(package) for package in (*run.libraries, "safetensors")},
        "machine": {name: machine[name] for name in ("processor", "device", "precision")},
        "python": platform.python_version(),
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


@dataclass
class Pace:
    """When the next checkpoint is due: after the interval, and later where writing one takes long."""

    interval: float = field(default_factory=interval)
    last: float = field(default_factory=monotonic)
    cost: float = 0.0

    def due(self) -> bool:
        """Return whether enough time has gone by since the last checkpoint."""
        return not self.interval or monotonic() - self.last >= max(self.interval, self.cost / SHARE)

    def note(self, begun: float) -> None:
        """Note that a checkpoint was begun then and is written now."""
        self.last = monotonic()
        self.cost = self.last - begun


@dataclass
class Checkpoints:
    """The checkpoints of one run: below its folder, named by their key; `record` is the class of the run's records."""

    folder: Path
    key: str
    record: type[Record]
    say: Callable[[str], None]
    pace: Pace = field(default_factory=Pace)
    reading: bool = False  # what is yielded now was reported before
    measured: str = ""  # how the precision was

    def path(self, group: Sequence[int]) -> Path:
        """Return the file of a group of seeds."""
        return self.folder / f"{self.key[:16]}-{group[0]}.safetensors"

    def train(self, program: Program, group: Sequence[int]) -> Iterator[Event]:
        """Train a group of seeds from where it was stopped, else from the beginning, with checkpoints on the way."""
        events, state = self.read(group)
        self.reading = True
        yield from events
        self.reading = False
        ended = {seed for seed, report in events if isinstance(report, Trained)}
        left = [seed for seed in group if seed not in ended]
        if events:
            self.say(f"seed {group[0]}  {_resumed(events, left, group)}")
        if not left:
            return
        for seed, report in program.train(left, state):
            if not isinstance(report, Checkpoint):
                events.append((seed, report))
                yield seed, report
            elif self.pace.due():
                self.write(group, events, report.state)

    def keep_ended(self, groups: Sequence[tuple[int, ...]], events: Iterable[Event]) -> Iterator[Event]:
        """Pass on what the groups report, and write those that have ended while others train.

        They have a pace of their own: a group may end between two checkpoints, or train in a process that ends with it.
        """
        of = {seed: group for group in groups for seed in group}
        reports: dict[tuple[int, ...], list[Event]] = {group: [] for group in groups}  # of those that are not written
        left, ended, pace = set(of), list[tuple[int, ...]](), replace(self.pace)
        for seed, report in events:
            group = of[seed]
            reports[group].append((seed, report))
            yield seed, report
            if isinstance(report, Trained):
                left.remove(seed)
                ended += [] if left & set(group) else [group]
            if ended and left and pace.due():
                begun = monotonic()
                for one in ended:
                    self.write(one, reports.pop(one), dict)
                ended.clear()
                pace.note(begun)

    def write(self, group: Sequence[int], events: Sequence[Event], state: Callable[[], State]) -> None:
        """Write a checkpoint; where that fails, say why and train on."""
        begun = monotonic()
        tensors = {f"state/{name}": tensor for name, tensor in state().items()}
        described = []
        for place, (seed, report) in enumerate(events):
            numbers, arrays = _parts(report)
            described.append([seed, type(report).__name__, numbers])
            tensors |= {f"{place}/{name}": torch.from_numpy(array).contiguous() for name, array in arrays.items()}
        about = {"key": self.key, "events": json.dumps(described), "measured": self.measured}
        try:
            write_atomically(self.path(group), lambda temporary: save_file(tensors, temporary, about))
        except (OSError, SafetensorError) as error:
            self.say(f"seed {group[0]}  no checkpoint: {error}")
        self.pace.note(begun)

    def read(self, group: Sequence[int]) -> tuple[list[Event], State]:
        """Return what the seeds of a group have reported, and the state of training; empty without a checkpoint.

        A file that cannot be read, such as one that a crash of the machine cut off, counts as none.
        """
        try:
            with safe_open(self.path(group), framework="pt") as file:
                about: dict[str, str] = file.metadata() or {}
                tensors: State = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            return [], {}
        if about.get("key") != self.key:
            return [], {}
        kinds = {kind.__name__: kind for kind in (self.record, Snapshot, Trained)}
        return [
            (seed, _report(kinds[name], numbers, below(str(place), tensors)))
            for place, (seed, name, numbers) in enumerate(json.loads(about["events"]))
        ], below("state", tensors)

    def remove_others(self) -> None:
        """Remove what other settings, other code or other data have left behind: never from an experiment's copy."""
        for path in self.folder.glob("*") if not in_copy() else ():
            if not path.name.startswith(self.key[:16]):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the checkpoints of a run that has ended, and the folder where nothing else is in it."""
        for path in self.folder.glob(f"{self.key[:16]}*"):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


def measured(run: Run) -> str:
    """Return how the precision of a run was measured here, for its checkpoints; empty where the run names one."""
    if getattr(run, "precision", "") != "auto":
        return ""
    own = [
        (key, found) for key, found in precision.known.items() if run.model.model_dump_json(exclude={"start"}) in key
    ]
    trials = [[*key, {name: [trial.error, trial.speed] for name, trial in found.items()}] for key, found in own]
    return json.dumps({"machine": device.machine(device.device()), "trials": trials})


def take_measured(folder: Path, run: Run) -> None:
    """Take the measurements in a stopped run's checkpoints, if they are of this machine.

    They are of time: made again they may choose another precision, in which the checkpoints are of no use.
    """
    for path in sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime):
        with suppress(OSError, SafetensorError), safe_open(path, framework="pt") as file:
            content = json.loads((file.metadata() or {}).get("measured") or "{}")
            if content.get("machine") == device.machine(device.device()):
                for where, settings, count, shape, found in content["trials"]:
                    trials = {name: precision.Trial(*numbers) for name, numbers in found.items()}
                    precision.known[(where, settings, count, tuple(shape))] = trials


def _resumed(events: Sequence[Event], left: Sequence[int], group: Sequence[int]) -> str:
    """Say from where a group of seeds goes on."""
    if not left:
        return "was trained before"
    epochs = [report.epoch for seed, report in events if seed == left[0] and not isinstance(report, Trained)]
    seed = "" if left[0] == group[0] else f"with seed {left[0]} "
    return f"goes on {seed}after epoch {epochs[-1]}" if epochs else f"goes on with seed {left[0]}"


def _parts(report: Report) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Return the numbers and the arrays of a report by name."""
    values = vars(report)
    arrays = {f"weights/{name}": array for name, array in values.get("weights", {}).items()}
    arrays |= {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return {name: value for name, value in values.items() if name != "weights" and name not in arrays}, arrays


def _report(kind: type[Any], numbers: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Report:
    """Return the report of which these are the numbers and the arrays."""
    arrays: dict[str, Any] = {name: t.numpy() for name, t in tensors.items() if "/" not in name}
    if kind in (Snapshot, Trained):
        arrays["weights"] = {name: t.numpy() for name, t in below("weights", tensors).items()}
    report: Report = kind(**numbers, **arrays)
    return report
