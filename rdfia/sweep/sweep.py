"""The command `rdfia sweep`: train every stale run side by side, and commit to DVC what ended well.

What comes before and after, data sets, declarations and evaluations, it makes too, each kind in one process.
"""

import shutil
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdfia import chapters as folders
from rdfia.config import PARAMS, ConfigError, load, profile
from rdfia.files import SCRATCH
from rdfia.parallel import Message, messages
from rdfia.record import layout
from rdfia.record.declaration import Declaration
from rdfia.record.run import RunRecord
from rdfia.study import images, pipeline, runs
from rdfia.sweep import dvc
from rdfia.sweep.edited import Code
from rdfia.sweep.holders import holding
from rdfia.sweep.lock import mend
from rdfia.sweep.show import Show
from rdfia.words import first_line

if TYPE_CHECKING:
    from rdfia.study.train_run import Task
    from rdfia.train.run import Data

    # Trains tasks on the data of their chapters, so many at once, with a log for each, and says how it goes.
    Executor = Callable[[Sequence[Task], Mapping[str, Data], int | None, Callable[[int], Path]], Generator[Message]]

LOGS = Path(".dvc/tmp/sweep")
LOCK = Path(".dvc/tmp/rdfia/sweep")
CHANGED = "what is declared of it changed while it was trained; `rdfia sweep` again trains it"
EDITED = "its code was edited after the sweep began, which would train the old; `rdfia sweep` again trains it"


@dataclass(frozen=True)
class Outcome:
    """The chapters of the stages that were stale, and the runs that failed with their reasons."""

    stale: Sequence[str]
    failed: Mapping[str, str]


def local(
    tasks: "Sequence[Task]", data: "Mapping[str, Data]", jobs: int | None, log: Callable[[int], Path]
) -> Generator[Message]:
    """Train in processes of this machine, one a core where nothing else is said."""
    from rdfia.study.train_run import make_ready, train
    from rdfia.train import device

    make_ready(tasks, data)
    work = [partial(train, task, data[task.chapter], 1) for task in tasks]
    return messages(work, jobs or device.jobs(), log)


def sweep(jobs: int | None, names: Sequence[str], begun: "AbstractContextManager[Executor] | None" = None) -> int:
    """Train the stale runs of those that `names` chooses; return 1 if a run failed, else 0.

    Two sweeps would train the same runs: the second waits, and trains what the first has left.
    """
    runs.wanted(load(), names)  # before anything is written
    code = Code.now()
    with begun or nullcontext(local) as executor, holding(LOCK):
        return _sweep(executor, jobs, names, code)


def _sweep(executor: "Executor", jobs: int | None, names: Sequence[str], code: Code) -> int:
    mend()
    params = load()
    chosen, outcomes = runs.wanted(params, names), list[Outcome]()
    images.renew(profile(params))
    for chapters in waves(params, chosen):
        declare(params, chapters)
        outcomes.append(wave(params, executor, jobs, {chapter: chosen[chapter] for chapter in chapters}, code))
        _same_profile(params)
    evaluate(params, outcomes)
    if not any(one.stale for one in outcomes):
        print("no run is stale")
    failed = {name: reason for one in outcomes for name, reason in one.failed.items()}
    for name, reason in failed.items():
        print(f"failed: {name}: {reason}")
    if set(failed.values()) - {CHANGED, EDITED}:
        print("`dvc repro` stops at what failed: change it, or let the profile leave it out (`leave_out`)")
    return int(bool(failed))


def _same_profile(params: Mapping[str, Any]) -> None:
    """Refuse to go on where `profile` was changed meanwhile: every stage would work on the other one."""
    found, ours = profile(load()), profile(params)
    if found != ours:
        raise ConfigError(
            f"{PARAMS}: profile: found {found!r}, while the sweep trained {ours!r}; what it trained is kept, set it "
            "back and `rdfia sweep` takes it"
        )


def waves(params: Mapping[str, Any], names: Iterable[str]) -> list[list[str]]:
    """Return the chapters in the order of training: those that begin from runs of others come later."""
    every = list(names)
    later = [name for name in every if pipeline.begins_from(params, name)]
    return [wave for wave in ([name for name in every if name not in later], later) if wave]


def declare(params: Mapping[str, Any], chapters: Sequence[str]) -> None:
    """Check the settings, prepare the data of chapters, and write what is declared, each where it is not current."""
    name, begins = profile(params), [one for each in chapters for one in pipeline.begins_from(params, each)]
    before = dict.fromkeys(one.partition("/")[0] for one in begins)
    sets = dict.fromkeys(folders.dataset(params, chapter) for chapter in (*before, *chapters))
    data = {one: f"prepare@{name}-{one}" for one in sets}
    declared = {chapter: f"declare_{chapter}@{name}" for chapter in (*before, *chapters)}
    checked = f"check@{name}"
    if begins:
        trained = [pipeline.stage(params, *one.split("/")) for one in begins]
        if not dvc.current([checked, *data.values(), *declared.values(), *trained]):
            dvc.repro([declared[chapter] for chapter in chapters])  # which trains what is to begin from
        return
    if not dvc.current([checked]):
        dvc.repro([checked])
    dvc.make("prepare", data)
    dvc.make("declare", declared)


def evaluate(params: Mapping[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Evaluate the chapters in which something was stale; of one that is not whole yet what is there.

    DVC would wait for all of it, and is not told.
    """
    name, chapters = profile(params), dict.fromkeys(chapter for one in outcomes for chapter in one.stale)
    there = {chapter: [known(name, chapter, run) for run in runs.trained(params, chapter)] for chapter in chapters}
    whole = [chapter for chapter, each in there.items() if all(each)]
    begun = [chapter for chapter, each in there.items() if any(each) and not all(each)]
    dvc.make("evaluate", {chapter: f"evaluate@{name}-{chapter}" for chapter in whole})
    if begun:
        dvc.act("evaluate", begun)
        print("`python -m stages.report` writes the report of what is there")


def wave(
    params: Mapping[str, Any], executor: "Executor", jobs: int | None, chosen: Mapping[str, Collection[str]], code: Code
) -> Outcome:
    """Train what is stale of the chosen runs and is nowhere to be had, and commit what ended well."""
    name = profile(params)
    stale = dvc.stale(dvc.training(params, chosen))
    if not stale:
        return Outcome((), {})
    ready = [stage for stage in stale if all(known(name, stage.chapter, run) for run in stage.runs)]
    if ready:
        print(f"{len(ready)} stages have results of today's declaration already")
    missing = [stage for stage in stale if stage not in ready]
    waiting = dvc.restore(missing)
    restored = [stage for stage in missing if stage not in waiting]
    failed = dict[str, str]()
    try:
        failed = train_all(params, executor, jobs, waiting, code)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what had ended is kept, `rdfia sweep` trains the rest") from None
    finally:
        done = ready + [stage for stage in waiting if all(known(name, stage.chapter, run) for run in stage.runs)]
        done = dvc.commit(load(), done) + restored
        print(f"{len(done)} of {len(stale)} stages are DVC's", flush=True)
    other = [f"{chapter}/{run}" for chapter, names in _unknown(name, waiting).items() for run in names]
    return Outcome([stage.chapter for stage in stale], dict.fromkeys(other, CHANGED) | failed)


def known(profile: str, chapter: str, run: str) -> bool:
    """Tell whether a run's folder holds a whole result of its declaration as it is written now."""
    declared = Declaration.read(layout.declared_run(profile, chapter, run))
    try:
        record = RunRecord.read(layout.trained(profile, chapter, run))
    except ConfigError:  # a crash of the machine has cut it
        return False
    if declared.left_out or not record.exists:
        return declared.left_out and bool(record.metrics) and not record.exists
    return record.whole and not declared.changed(record)


def train_all(
    params: Mapping[str, Any], executor: "Executor", jobs: int | None, stages: Sequence[dvc.Stage], code: Code
) -> dict[str, str]:
    """Train the runs of the stages, the dearest first; return those that failed with their reasons."""
    import torch

    from rdfia.study.needs import cost
    from rdfia.study.train_run import leave_out, load_data, tasks

    name = profile(params)
    every = tasks(params, _unknown(name, stages))
    names = dict.fromkeys(task.chapter for task in every if task.run is not None)
    data = {chapter: load_data(name, folders.dataset(params, chapter)) for chapter in names}
    priced = [(cost(task.run, data[task.chapter].card), task) for task in every if task.run is not None]
    priced.sort(key=lambda each: each[0], reverse=True)
    edited = code.edited(task for _, task in priced)
    priced = [(price, task) for price, task in priced if task.key not in edited]
    todo = [task for _, task in priced]
    begun = [task for task in todo if any(layout.checkpoints(name, task.chapter, task.name).glob("*.safetensors"))]
    if begun:
        print(f"{len(begun)} runs have checkpoints, from which they go on where nothing that they use has changed")
    torch.set_num_threads(1)
    labels = [f"{task.chapter}/{task.name}" for task in todo]
    failed = {f"{task.chapter}/{task.name}": EDITED for task in every if task.key in edited}
    for stage in stages:
        tidy(stage)
    for task in (without := [task for task in every if task.run is None]):
        leave_out(task)
    if without:
        print(f"runs that the profile {name} leaves out: {len(without)}", flush=True)
    with (
        Show(labels, LOGS, [each for each, _ in priced]) as show,
        closing(executor(todo, data, jobs, show.log)) as received,
    ):
        for message in received:
            show(message)
            if message.error is not None:
                failed[labels[message.place]] = first_line(message.error)
    return failed


def _unknown(profile: str, stages: Iterable[dvc.Stage]) -> dict[str, list[str]]:
    """Return the runs of stages that have no result of their declaration, by chapter."""
    waiting = dict[str, list[str]]()
    for stage in stages:
        waiting.setdefault(stage.chapter, []).extend(
            run for run in stage.runs if not known(profile, stage.chapter, run)
        )
    return waiting


def tidy(stage: dvc.Stage) -> None:
    """Remove what DVC would have in a stage of a whole chapter: the folders of runs that are declared no more."""
    if not (stage.whole and stage.folder.exists()):
        return
    for folder in stage.folder.iterdir():
        if folder.name not in stage.runs and not folder.name.startswith(SCRATCH):
            shutil.rmtree(folder)
