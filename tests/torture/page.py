"""The page that says what came out: every number on it was counted in the trials that it speaks of."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from rdfia.revision import commit, git
from tests.project import ROOT
from tests.torture.trial import EPOCHS, PATIENCE, Bench, Trial
from tests.torture.works import AIMED, CTRL_C, CUT, FULL, KILL, TERM, WAYS, WORKS

PROMISES = (
    (
        "A command that was killed is given again, and ends with the bytes of one that was never killed",
        (KILL, AIMED),
        "every file of `data`, `declared`, `runs` and `reports` compared; half the kills hit all processes, half one",
    ),
    (
        "A command that gets SIGTERM or Ctrl-C ends with all that it began, and the same command goes on",
        (TERM, CTRL_C),
        "to the first process, and to the terminal's group",
    ),
    ("A full disk is one line, and with room again the same command ends well", (FULL,), "a file system of its own"),
    (
        "A dvc.lock that a kill cut loses no stage",
        (CUT,),
        "`rdfia mend`, then the same `dvc repro`; the stages of the lock file compared",
    ),
)


LOOKED_INTO = "What was looked into is in [decision 0012](decisions/0012-sweep.md)."


def page(found: Sequence[Trial], seed: int, begun: float, bench: Bench) -> str:
    """The page, from the trials."""
    tried = [trial for trial in found if trial.disturbed]
    day = datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%d %H:%M UTC")
    dirty = " with changes" if git(ROOT, "status", "--porcelain", "--", "rdfia", "stages", "tests") else ""
    parts = [
        "# Reliability",
        f"""Written by `make torture` ({day}, commit {commit(ROOT)[:12]}{dirty}, {platform.system()},
{os.cpu_count()} cores, seed {seed}, {(time.time() - begun) / 60:.0f} minutes).

{len(tried)} trials on a project at its smallest, with {EPOCHS} epochs and a checkpoint after each. A trial takes away
what a command makes, begins the command, disturbs it, gives the same command again, and compares.
{len(found) - len(tried)} more do not count, as the command had ended before.""",
        "## The promises",
        table(("promise", "how it was tried", "trials", "held"), map(promise_row(tried), PROMISES)),
        "## By command",
        table(("command", *WAYS), [(f"`{' '.join(work.words)}`", *counts(tried, work.name)) for work in WORKS]),
        "## Also counted",
        "\n".join(f"- {line}" for line in also(tried, bench)),
        "## What broke",
        "\n".join([*broken, "", LOOKED_INTO] if (broken := broke(tried)) else ["Nothing."]),
    ]
    return "\n\n".join(parts) + "\n"


def promise_row(tried: Sequence[Trial]) -> Callable[[tuple[str, tuple[str, ...], str]], Sequence[str]]:
    """The row of a promise: what it says, how it was tried, how often, and how often it held."""

    def row(promise: tuple[str, tuple[str, ...], str]) -> tuple[str, ...]:
        words, ways, how = promise
        those = [trial for trial in tried if trial.way in ways]
        return words, f"{' and '.join(ways)}: {how}", str(len(those)), str(held(those))

    return row


def held(trials: Sequence[Trial]) -> int:
    return sum(not trial.broke for trial in trials)


def counts(tried: Sequence[Trial], work: str) -> list[str]:
    """How many trials of a command held, of how many, for each way."""
    those = [[trial for trial in tried if (trial.work, trial.way) == (work, way)] for way in WAYS]
    return [f"{held(trials)} of {len(trials)}" if trials else "" for trials in those]


def also(tried: Sequence[Trial], bench: Bench) -> list[str]:
    """What else the trials showed, in sentences."""
    cut = [trial for trial in tried if trial.way == CUT]
    signals = [trial for trial in tried if trial.way in (TERM, CTRL_C) and trial.work != "repro"]
    polite, bare = (sum(trial.code in codes for trial in signals) for codes in ((130,), (-2, -15)))
    late = sum(trial.outlived > 0 for trial in tried)
    names = ", ".join(sorted({trial.work for trial in tried if trial.outlived}))
    lines = [
        f"{sum(trial.resumed for trial in tried)} commands said that they went on from checkpoints.",
        f"{sum(trial.cut for trial in cut)} of {len(cut)} kills while DVC wrote `dvc.lock` left it cut;"
        " tests/sweep/test_lock.py cuts it at every byte.",
        f"{polite} of {len(signals)} signals to a stage or a sweep ended in exit code 130, {bare} with the system's"
        f" own code for the signal (libraries were being imported), {len(signals) - polite - bare} otherwise.",
        f"{late} trials had a process that ran on more than {PATIENCE:.0f} seconds after its command"
        f"{f' ({names})' if late else ''}: DVC that is killed alone cannot end what it began, and goes on where a"
        " sweep was. The command was given again when it had ended.",
    ]
    steady = {name: (len(plain.steady), len(plain.files)) for name, plain in bench.plain.items()}
    lines.append(
        "Files that differ between two undisturbed commands hold times, and only have to be there: "
        + ", ".join(f"{every - same} of {every} after {name}" for name, (same, every) in steady.items())
        + "."
    )
    return lines if bench.mounted else [*lines, "A full disk was not tried: no file system could be mounted."]


def broke(tried: Sequence[Trial]) -> list[str]:
    """A line for each trial that broke."""
    return [
        f"- {trial.work}, {trial.way}, {trial.detail} (exit {trial.code}): {'; '.join(trial.broke[:5])}"
        for trial in tried
        if trial.broke
    ]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
