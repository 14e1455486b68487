"""What is asked of DVC, by its own command."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rdfia import declared
from rdfia.config import PARAMS, ConfigError, profile, section

BEFORE = ("check", "prepare")  # the stages that training stands on
RUNNING = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)


def repro(target: str) -> None:
    """Make what is stale of a group of stages."""
    run("repro", target)


def commit(params: Mapping[str, Any], stages: Sequence[str]) -> None:
    """Take the outputs of stages as they are; those of a whole chapter by its name, for DVC reads all files a name."""
    kept, names = set(stages), list[str]()
    for chapter in declared.chapters(params):
        every = [stage for stage, *_ in training(params, chapter)]
        names += [chapter] if kept.issuperset(every) else [stage for stage in every if stage in kept]
    if names:
        run("commit", "--force", *names, quiet=True)


def known(params: Mapping[str, Any], chapters: Sequence[str]) -> Sequence[str]:
    """The chapters named, all without names; an unknown one is a ConfigError."""
    names = declared.chapters(params)
    for chapter in chapters:
        if chapter not in names:
            raise ConfigError(f"chapter: found {chapter!r}, allowed: {', '.join(names)}")
    return chapters or names


def stale(params: Mapping[str, Any], chapters: Sequence[str]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The training stages that `dvc repro` would run, as stage, chapter and runs; what its cache holds is not one."""
    stages = [stage for chapter in chapters for stage in training(params, chapter)]
    said = run("repro", "--dry", "--single-item", *chapters, quiet=True)
    found = set(RUNNING.findall(said))
    return [stage for stage in stages if stage[0] in found]


def training(params: Mapping[str, Any], chapter: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """A chapter's training stages: one for each run, or one for all, as dvc.yaml has it."""
    stages: Any = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    runs, name = tuple(section(params, chapter, "runs")), profile(params)
    if "run" in stages[chapter]["matrix"]:
        return [(f"{chapter}@{name}-{run}", chapter, (run,)) for run in runs]
    return [(f"{chapter}@{name}", chapter, runs)]


def run(*words: str, quiet: bool = False) -> str:
    """A command of DVC; where it fails, its own last words are the error."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith("error: ")] or lines[-1:]
        raise ConfigError(f"{PARAMS}: `dvc {' '.join(words[:2])}`: {told[0].removeprefix('error: ') if told else ''}")
    if not quiet:
        print("\n".join(line for line in done.stdout.splitlines() if RUNNING.match(line)) or f"{words[-1]}: up to date")
    return done.stdout
