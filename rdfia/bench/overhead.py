"""What a finished study costs beside its training: report, evaluation, publication, a sweep's own work."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rdfia import chapters, config
from rdfia.config import ConfigError
from rdfia.files import write_json
from rdfia.parallel import Send, messages
from rdfia.record import layout
from rdfia.study import runs
from rdfia.train import device
from rdfia.words import table

T = TypeVar("T")
MOST = 20  # runs of a chapter that are evaluated, declared and forked
PUBLISH = "from pathlib import Path; from rdfia import config, track; track.publish(config.load(), Path())"


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of processors in all processes, and how many runs they are for."""

    seconds: float
    processor: float
    runs: int

    @property
    def a_run(self) -> float:
        """Seconds on the clock for each run."""
        return self.seconds / max(self.runs, 1)


def measure(folder: Path) -> None:
    """Time the parts of the finished study of the chosen profile; write overhead.json and overhead.md, nothing else."""
    params = config.load()
    profile = config.profile(params)
    if not (page := layout.report(profile) / "index.html").exists():
        raise ConfigError(f"{page}: no such file, and a finished study is what is timed; `make` makes it")
    costs = report(params) | evaluation(params) | publication(params) | sweep(params)
    total = sum(cost.seconds for cost in costs.values())
    parts = {
        part: {
            "seconds": round(cost.seconds, 3),
            "processor": round(cost.processor, 3),
            "runs": cost.runs,
            "a_run": round(cost.a_run, 4),
            "share": round(cost.seconds / total, 3),
        }
        for part, cost in costs.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    where = device.machine(device.device())
    write_json({"profile": profile, "parts": parts, "machine": where}, folder / "overhead.json")
    (folder / "overhead.md").write_text(_table(profile, parts), encoding="utf-8")
    print(_table(profile, parts), end="")


def _table(profile: str, parts: dict[str, Any]) -> str:
    head = ["part", "runs", "seconds", "of processors", "a run", "share"]
    rows = [
        [part, f"{c['runs']}", f"{c['seconds']:.2f}", f"{c['processor']:.2f}", f"{c['a_run']:.3f}", f"{c['share']:.0%}"]
        for part, c in parts.items()
    ]
    return f"Cost beside training, profile {profile}\n\n{table(head, rows)}\n"


def timed(action: Callable[[], T], count: int) -> tuple[Cost, T]:
    """Return what an action costs here and in the processes that it begins, and what it gives."""
    clock, before = time.perf_counter(), _processor()
    result = action()
    return Cost(time.perf_counter() - clock, _processor() - before, count), result


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def report(params: dict[str, Any]) -> dict[str, Cost]:
    """Read the results, draw the figures and fill the tables, and lay out the pages."""
    from rdfia.analyse import published
    from rdfia.analyse.read_study import read_study
    from rdfia.report.engine import render
    from rdfia.report.engine.assemble import assemble
    from rdfia.report.engine.context import Context

    count = len(runs.trained_runs(params))
    read, context = timed(lambda: Context(read_study(params, layout.ROOT), published.read()), count)
    drawn, made = timed(lambda: assemble(context), count)
    pages, _ = timed(lambda: list(render.files(made)), count)
    return {"report, results": read, "report, figures and tables": drawn, "report, pages": pages}


def evaluation(params: dict[str, Any]) -> dict[str, Cost]:
    """Evaluate some runs of the largest chapter; nothing is written."""
    from rdfia.analyse.evaluate_chapter import Evaluation, evaluate_chapter
    from rdfia.data.store import load_split
    from rdfia.record.run import RunRecord

    chapter, names = _largest(params)
    profile, dataset = config.profile(params), chapters.dataset(params, chapter)
    records = {name: RunRecord.read(layout.trained(profile, chapter, name)) for name in names}
    train, validation, test = (
        load_split(layout.split(profile, dataset, name)) for name in ("train", "validation", "test")
    )
    nothing, splits = Evaluation({}, {}, {}), (train, validation, test)
    cost, _ = timed(lambda: evaluate_chapter(records, splits, "bench", nothing, device.jobs()), len(names))
    return {f"evaluation of {chapter}": cost}


def publication(params: dict[str, Any]) -> dict[str, Cost]:
    """Publish all results to a store that is made for it, with models and figures."""
    with tempfile.TemporaryDirectory() as name:
        environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{Path(name).resolve() / 'mlflow.db'}"}
        command = [sys.executable, "-c", PUBLISH]
        cost, _ = timed(lambda: subprocess.run(command, env=environment, check=True), len(runs.trained_runs(params)))
    return {"publication": cost}


def sweep(params: dict[str, Any]) -> dict[str, Cost]:
    """Resolve runs, look whether their results are today's, and give each a process that trains nothing."""
    from rdfia.study.train_run import tasks
    from rdfia.sweep.sweep import known

    chapter, names = _largest(params)
    profile, count = config.profile(params), len(names)
    resolved, _ = timed(lambda: tasks(params, {chapter: names}), count)
    looked, _ = timed(lambda: [known(profile, chapter, name) for name in names], count)
    forked, _ = timed(lambda: list(messages([_nothing] * count, device.jobs())), count)
    return {"sweep, settings and code": resolved, "sweep, look for results": looked, "sweep, processes": forked}


def _nothing(send: Send) -> None:
    """Train nothing."""


def _largest(params: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the chapter with the most runs, and the first of these."""
    every = {chapter: runs.trained(params, chapter) for chapter in runs.chapters(params)}
    chapter = max(every, key=lambda name: len(every[name]))
    return chapter, every[chapter][:MOST]
