"""Every stale run, side by side, and what ended well given to DVC.

DVC decides what is stale, runs what comes before training, and in the end holds every result as if `dvc repro` had
made it. In between it would start a process and import everything anew for each run; here one process imports once
and forks for each.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdfia import closure, config
from rdfia.command import one_line
from rdfia.sweep import dvc
from rdfia.sweep.plan import Stage, plan, waves
from rdfia.sweep.pool import Active, Ended, together

LOGS = Path(".dvc/tmp/sweep")


def sweep(jobs: int, chapters: Sequence[str]) -> int:
    """Train the stale runs of the chapters, of all without names; 1 if a run failed, else 0."""
    params = config.load()
    for group in dvc.BEFORE:
        dvc.repro(group)
    names = dvc.known(params, chapters)
    found = [_wave(params, jobs, wave) for wave in waves(params, names)]
    if not any(count for count, _ in found):
        print("no run is stale")
    return int(any(kept < count for count, kept in found))


def _wave(params: Mapping[str, Any], jobs: int, chapters: Sequence[str]) -> tuple[int, int]:
    """Train the stale runs of these chapters; how many stages were stale, and how many of them ended well."""
    stages = plan(params, dvc.stale(params, chapters))
    if not stages:
        return 0, 0
    show, ended = Show(sum(len(stage.tasks) for stage in stages), jobs), dict[str, Ended]()
    try:
        for one in together([task for stage in stages for task in stage.tasks], jobs, LOGS, show.watch):
            ended[one.task.name] = one
            show.end(one)
    finally:
        show.clear()
        kept = commit(stages, ended)
    print(f"{len(kept)} of {len(stages)} stages committed to DVC; `dvc repro` evaluates them and writes the report")
    return len(stages), len(kept)


def commit(stages: Sequence[Stage], ended: dict[str, Ended]) -> list[str]:
    """Give DVC the stages whose runs all ended well, from inputs that nobody changed meanwhile."""
    kept = []
    closure.reread()  # once: they may have been edited since the plan
    for stage in stages:
        if any(task.name not in ended or ended[task.name].error for task in stage.tasks):
            continue
        if stage.digest() != stage.inputs:
            print(f"{stage.name}: its code, parameters or data were changed meanwhile; not committed")
            continue
        stage.tidy()
        kept.append(stage.name)
    dvc.commit(config.load(), kept)
    return kept


class Show:
    """One line for each run that ended, and below, on a terminal, one for each at work."""

    def __init__(self, count: int, jobs: int) -> None:
        self.count, self.jobs, self.drawn = count, jobs, 0
        self.started, self.seconds = time.monotonic(), list[float]()
        self.live = sys.stdout.isatty()

    def end(self, one: Ended) -> None:
        self.clear()
        self.seconds.append(one.seconds)
        state = f"failed: {one.error}" if one.error else "done"
        log = f" (all of it in {LOGS / one.task.name.replace('/', '-')}.log)" if one.error else ""
        print(
            f"[{len(self.seconds):>3}/{self.count}] {one.task.name}  {one.seconds:.1f} s  {state}{log}  {self.left()}"
        )

    def watch(self, active: Sequence[Active]) -> None:
        if not self.live:
            return
        self.clear()
        for one in active:
            print(f"  {one.said or f'{one.task.name}  starts'}"[:110])
        print(f"  {len(self.seconds)} of {self.count} runs, {self.left()}", flush=True)
        self.drawn = len(active) + 1

    def clear(self) -> None:
        """Take back the lines of the runs at work."""
        if self.drawn:
            print(f"\x1b[{self.drawn}A\x1b[J", end="", flush=True)
        self.drawn = 0

    def left(self) -> str:
        """The time left, as if the runs that wait took as long as those that ended."""
        if not self.seconds:
            return "time left unknown"
        left = (self.count - len(self.seconds)) * (time.monotonic() - self.started) / len(self.seconds)
        return f"about {left / 60:.0f} min left" if left > 90 else f"about {left:.0f} s left"


def main(jobs: int, chapters: Sequence[str]) -> None:
    """The command `rdfia sweep`."""
    with one_line():
        sys.exit(sweep(jobs, chapters))
