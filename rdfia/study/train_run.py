"""One run, from its declaration to its files."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from rdfia import chapters
from rdfia.chapters import checks
from rdfia.config import at, profile
from rdfia.data.store import load_split, load_tensors
from rdfia.parallel import Send, messages, stream_forked
from rdfia.record import layout, outcome, shape
from rdfia.revision import commit
from rdfia.study import runs
from rdfia.study.checkpoint import Checkpoints, key, measured, take_measured
from rdfia.study.declaration import roots
from rdfia.study.definitions import Sources
from rdfia.study.progress import Progress
from rdfia.train import device, precision
from rdfia.train.run import Data, Event, Run

MODULES = {"scikit-learn": "sklearn"}  # of packages whose modules have another name


@dataclass(frozen=True)
class Task:
    """A run of a profile, ready to be trained; without settings it is one that the profile leaves out.

    `layers` are what its settings are made of, which an error names.
    """

    profile: str
    chapter: str
    name: str
    kind: str
    run: Run | None
    code_sha256: str
    layers: Mapping[str, Mapping[str, Any]]
    commit: str = ""

    @property
    def key(self) -> str:
        """The run's name in the study, which is its key in the parameters too."""
        return f"{self.chapter}.runs.{self.name}"

    @property
    def head(self) -> dict[str, str]:
        """What its record says of it first."""
        return {"chapter": self.chapter, "run": self.name, "kind": self.kind, "code_sha256": self.code_sha256}


def tasks(params: Mapping[str, Any], wanted: Mapping[str, Sequence[str]]) -> list[Task]:
    """Return the runs that are wanted of each chapter, resolved, with hash and commit of the code that is there now."""
    chosen, sources, found = profile(params), Sources(layout.ROOT), list[Task]()
    head = commit(layout.ROOT)
    for chapter, names in wanted.items():
        kind, without = chapters.kind(params, chapter), runs.left_out(params, chapter)
        for name in names:
            run = None if name in without else runs.resolve(params, chapter, name)
            code = "" if run is None else sources.fingerprint(roots(run))
            layers = {} if run is None else runs.layers(params, chapter, name)
            found.append(Task(chosen, chapter, name, kind, run, code, layers, head))
    return found


def make_ready(tasks: Sequence[Task], data: Mapping[str, Data]) -> None:
    """Do once what processes that part from this one need not: import what the runs take, and try their precisions.

    They are tried in a process of their own, while no other shares the device. A run that is alone does it itself.
    """
    for library in dict.fromkeys(name for task in tasks if task.run for name in task.run.libraries):
        import_module(MODULES.get(library, library))
    unsure = [task for task in tasks if getattr(task.run, "precision", "") == "auto"]
    if unsure and len(tasks) > 1:
        print(f"precision: trying the networks of {len(unsure)} runs", flush=True)
        for message in messages([partial(_try_precisions, unsure, data)], 1):
            precision.known.update(message.content or {})


def _try_precisions(tasks: Sequence[Task], data: Mapping[str, Data], send: Send) -> None:
    """Send what the self-test finds for the network of each run."""
    device.settle()
    for task in tasks:
        with suppress(Exception):  # the run itself says what is wrong
            precision.trials(task.run, data[task.chapter].card)
    send(precision.known)


def load_data(profile: str, dataset: str) -> Data:
    """Read train and validation splits and statistics of a prepared data set; the test split is not touched."""
    remedy = f"`dvc repro prepare@{profile}-{dataset}` prepares the data set"
    card = shape.read(layout.card(profile, dataset), shape.Prepared, remedy)
    train, validation = (load_split(layout.split(profile, dataset, name)) for name in ("train", "validation"))
    statistics = load_tensors(layout.data(profile, dataset) / "statistics.safetensors")
    return Data(card, statistics, (train.x, train.y), (validation.x, validation.y))


def leave_out(task: Task) -> None:
    """Write the files of a run that its profile leaves out, and remove the checkpoints of one that was begun."""
    shutil.rmtree(layout.checkpoints(task.profile, task.chapter, task.name), ignore_errors=True)
    outcome.leave_out(layout.trained(task.profile, task.chapter, task.name), task.head)


def train(
    task: Task,
    data: Data,
    jobs: int,
    say: Callable[[str], None] = print,
    resolve: Callable[[Run, str], Run] | None = None,
) -> None:
    """Train every seed of one run, `jobs` at a time, and write its files; `resolve` finds what it begins from."""
    folder, label = layout.trained(task.profile, task.chapter, task.name), f"{task.chapter}/{task.name}"
    unfinished = layout.checkpoints(task.profile, task.chapter, task.name)
    if task.run is None:
        leave_out(task)
        say(f"{label}: left out of the profile {task.profile}")
        return
    checks.trainable(task.run, data.card, task.layers)
    with at(task.layers):
        run = (resolve or with_weights)(task.run, task.profile)
    take_measured(unfinished, run)
    own = key(task.head, run, data)  # which resolves the precision
    checkpoints = Checkpoints(unfinished, own, run.record, lambda line: say(f"{label} {line}"), measured=measured(run))
    checkpoints.remove_others()
    gathered = outcome.Outcome(task.commit)
    with Progress(task.profile, task.chapter, task.name, run, say) as progress, at(task.layers):
        for seed, report in events(run, data, jobs, checkpoints):
            gathered.add(seed, report)
            progress(seed, report, checkpoints.reading)
    outcome.write(gathered, folder, task.head, run, data)
    checkpoints.remove()


def events(run: Run, data: Data, jobs: int, checkpoints: Checkpoints | None = None) -> Iterator[Event]:
    """Yield what the seeds of a run report, those that train as one program together and `jobs` programs at a time.

    With checkpoints they go on from where they were stopped.
    """
    torch.set_num_threads(1)
    program = run.program(data)
    train = partial(checkpoints.train, program) if checkpoints else program.events
    with subnormals_as_zero():
        reported = stream_forked([partial(train, group) for group in program.groups], jobs)
        yield from checkpoints.keep_ended(program.groups, reported) if checkpoints else reported


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """Compute on processors with numbers below 10⁻³⁸ as 0, here and in processes that are forked from this one.

    The moments of units that are never active fall there, and each operation on such a number takes a hundred times as
    long. No weight can tell: it is a sum with larger ones.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def with_weights(run: Run, profile: str) -> Run:
    """Return the run with the weights at hand that its model starts from, and their hash among its settings."""
    if not hasattr(run.model, "resolve_weights"):
        return run
    return run.model_copy(update={"model": run.model.resolve_weights(partial(layout.weights, profile))})


def begins_at(run: Run) -> Path | None:
    """Return the file of the weights that a run with its weights begins from."""
    path: Path | None = getattr(getattr(run.model, "start", None), "_path", None)
    return path


def at_path(run: Run, path: Path) -> Run:
    """Return a run that got its weights on another machine with their file as it lies here."""
    start = run.model.start.model_copy()
    start._path = path
    return run.model_copy(update={"model": run.model.model_copy(update={"start": start})})
