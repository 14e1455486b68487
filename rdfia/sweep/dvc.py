"""What is asked of DVC, by its own command, and what its lock file says."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rdfia.config import PARAMS, ConfigError, profile
from rdfia.record import layout
from rdfia.study import pipeline, runs

LOCK = Path("dvc.lock")
RUNNING = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """A training stage: a run, or a whole chapter of small runs."""

    name: str
    chapter: str
    runs: tuple[str, ...]
    declared: Path
    folder: Path


def training(params: Mapping[str, Any], chapter: str) -> list[Stage]:
    """Return a chapter's training stages."""
    name, names = profile(params), tuple(runs.runs(params, chapter))
    whole = layout.declared_run(name, chapter, "any").parent
    if pipeline.one_stage(params, chapter):
        return [Stage(f"{chapter}@{name}", chapter, names, whole, layout.trained(name, chapter))]
    return [
        Stage(f"{chapter}@{name}-{run}", chapter, (run,), whole / f"{run}.json", layout.trained(name, chapter, run))
        for run in names
    ]


def stale(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages whose declaration is not that of the lock file, or whose results are not there."""
    locked = locked_declarations()
    return [s for s in stages if locked.get(s.name) != _md5(s.declared) or not s.folder.is_dir()]


def locked_declarations() -> dict[str, str]:
    """Return the hash of the declaration that each training stage was locked with."""
    if not LOCK.exists():
        return {}
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stages = (yaml.load(LOCK.read_text(encoding="utf-8"), loader) or {}).get("stages") or {}
    return {name: str(dep.get("md5")) for name, stage in stages.items() for dep in stage.get("deps", ())[:1]}


def _md5(path: Path) -> str:
    """Return the hash that DVC has for a file, or for a folder of files."""
    if path.is_dir():
        entries = [{"md5": _md5(file), "relpath": file.name} for file in sorted(path.iterdir())]
        text = "[" + ", ".join(f'{{"md5": "{e["md5"]}", "relpath": "{e["relpath"]}"}}' for e in entries) + "]"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.exists() else ""


def repro(targets: Sequence[str]) -> None:
    """Make what is stale of some stages."""
    run("repro", *targets)


def commit(params: Mapping[str, Any], stages: Sequence[Stage]) -> None:
    """Take the outputs of stages as they are; those of a whole chapter by its name, for DVC reads all files a name."""
    kept, names = {stage.name for stage in stages}, list[str]()
    for chapter in dict.fromkeys(stage.chapter for stage in stages):
        every = [stage.name for stage in training(params, chapter)]
        names += [chapter] if kept.issuperset(every) else [name for name in every if name in kept]
    if names:
        run("commit", "--force", *names, quiet=True)


def run(*words: str, quiet: bool = False) -> str:
    """Run a command of DVC; where it fails, its own last words are the error."""
    command = [sys.executable, "-m", "dvc", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        reasons = [line for line in lines if line.lower().startswith("error: ")] or lines[-1:]
        raise ConfigError(
            f"{PARAMS}: `dvc {' '.join(words[:2])}`: {re.sub('^(?i:error): ', '', reasons[0]) if reasons else ''}"
        )
    if not quiet:
        print("\n".join(line for line in done.stdout.splitlines() if RUNNING.match(line)) or "declarations: up to date")
    return done.stdout
