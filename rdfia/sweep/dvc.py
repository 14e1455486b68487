"""What is asked of DVC, by its own command."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError, profile
from rdfia.files import SCRATCH
from rdfia.parallel import end_with
from rdfia.record import layout
from rdfia.study import pipeline, runs
from rdfia.sweep import holders
from rdfia.sweep.lock import locked, mend

CONFIGS = (Path(".dvc/config"), Path(".dvc/config.local"))
PAUSE = 1.0  # seconds between two tries, while another is at work
RUNNING = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """A training stage: a run, or a whole chapter of small runs."""

    name: str
    chapter: str
    runs: tuple[str, ...]
    folder: Path
    whole: bool = False  # of a chapter: its folder holds those of the runs


def training(params: Mapping[str, Any], chosen: Mapping[str, Collection[str]]) -> list[Stage]:
    """Return the stages that train the chosen runs of some chapters."""
    stages = [stage for chapter in chosen for stage in _training(params, chapter)]
    return [stage for stage in stages if not set(stage.runs).isdisjoint(chosen[stage.chapter])]


def _training(params: Mapping[str, Any], chapter: str) -> list[Stage]:
    """Return a chapter's training stages."""
    name, names = profile(params), tuple(runs.runs(params, chapter))
    if pipeline.one_stage(params, chapter):
        stage = pipeline.stage(params, chapter, names[0])
        return [Stage(stage, chapter, names, layout.trained(name, chapter), whole=True)]
    return [
        Stage(stage, chapter, (run,), layout.trained(name, chapter, run))
        for run in names
        for stage in [pipeline.stage(params, chapter, run)]
    ]


def stale(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages whose declaration is not that of the lock file, or whose results are not there."""
    entries = locked()
    return [stage for stage in stages if not _current(entries.get(stage.name, {}))]


def restore(stages: Sequence[Stage]) -> list[Stage]:
    """Take from DVC's cache what it holds of stale stages; return those that it does not hold."""
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in (cache() / "runs").glob("*/*/*"))
    chapters = set(re.findall(r"^cmd: python -m stages\.train (\w+)", "\n".join(texts), re.MULTILINE))
    names = [stage.name for stage in stages if stage.chapter in chapters]
    if not names:
        return list(stages)
    printed = _run([sys.executable, "-m", "rdfia.sweep.cached", *names], "the run cache").split()
    held = [name for name in names if name in printed]  # DVC prints words of its own beside
    if held:
        run("repro", "--single-item", *held, quiet=True)
        print(f"{len(held)} stages restored from DVC's cache")
    return [stage for stage in stages if stage.name not in held]


def cache() -> Path:
    """Return the folder of DVC's cache: as the project's configuration says, which counts from its own folder."""
    config = ConfigParser(interpolation=None)
    try:
        config.read(CONFIGS, encoding="utf-8")
    except (ConfigParserError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIGS[0]}: {' '.join(str(error).split())}") from None
    return CONFIGS[0].parent / config.get("cache", "dir", fallback="cache")


def current(names: Iterable[str]) -> bool:
    """Tell whether stages are as the lock file has them, without asking DVC.

    Where this cannot be told, the answer is no, and DVC is asked.
    """
    entries = locked()
    return all(_current(entries.get(name, {})) for name in names)


def make(stage: str, names: Mapping[str, str]) -> None:
    """Have one process make what is stale of a stage, and DVC take it; `names` are DVC's, by the word for each.

    DVC would begin a process for every one of them, and each would import PyTorch.
    """
    entries = locked()
    stale = {word: name for word, name in names.items() if not _current(entries.get(name, {}))}
    if stale:
        act(stage, list(stale))
        run("commit", "--force", *stale.values(), quiet=True)


def act(stage: str, words: Sequence[str]) -> None:
    """Do what a stage does for some words, as its command does."""
    printed = _run([sys.executable, "-m", f"stages.{stage}", *words], f"`{stage}`")
    print(f"{stage}: {', '.join(words)}", *printed.splitlines(), sep="\n  ", flush=True)


def _current(entry: Mapping[str, Any]) -> bool:
    """Tell whether a stage's dependencies are those of its entry in the lock file, and its outputs as large as there.

    A crash of the machine cuts files; to read them all would take as long as a short run.
    """
    same = all(dep.get("md5") == md5(Path(dep["path"])) for dep in entry.get("deps", ()))
    return bool(entry) and same and all(_size(Path(out["path"])) == out.get("size") for out in entry.get("outs", ()))


def _size(path: Path) -> int | None:
    """Return the bytes of a file, or of all that DVC sees in a folder; None where there is none."""
    if path.is_dir():
        return sum(file.stat().st_size for file in _files(path))
    return path.stat().st_size if path.exists() else None


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder that .dvcignore does not name."""
    return [file for file in folder.rglob("*") if file.is_file() and not _ignored(file)]


def md5(path: Path) -> str:
    """Return the hash that DVC has for a file, or for a folder of files; empty where there is none."""
    if path.is_dir():
        entries = [{"md5": md5(file), "relpath": file.relative_to(path).as_posix()} for file in _files(path)]
        entries.sort(key=lambda entry: entry["relpath"])
        text = json.dumps(entries, sort_keys=True)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.exists() else ""


def _ignored(file: Path) -> bool:
    """Tell whether .dvcignore names a file or a folder that it is in."""
    return any(part == "__pycache__" or part.startswith(SCRATCH) for part in file.parts)


def repro(targets: Sequence[str]) -> None:
    """Make what is stale of some stages."""
    run("repro", *targets)


def commit(params: Mapping[str, Any], stages: Sequence[Stage]) -> list[Stage]:
    """Take the outputs of stages as they are, and return those that the parameters still have.

    Those of a whole chapter are taken by its name, for DVC reads all files a name.
    """
    kept, names, taken = {stage.name for stage in stages}, list[str](), set[str]()
    for chapter in dict.fromkeys(stage.chapter for stage in stages if stage.chapter in runs.chapters(params)):
        every = [stage.name for stage in _training(params, chapter)]
        names += [chapter] if kept.issuperset(every) else [name for name in every if name in kept]
        taken |= kept.intersection(every)
    if names:
        run("commit", "--force", *names, quiet=True)
    return [stage for stage in stages if stage.name in taken]


def run(*words: str, quiet: bool = False) -> str:
    """Run a command of DVC and return what it printed."""
    printed = _run([sys.executable, "-m", "dvc", *words], f"`dvc {' '.join(words[:2])}`")
    if not quiet:
        print("\n".join(line for line in printed.splitlines() if RUNNING.match(line)) or "declarations: up to date")
    return printed


def _run(command: Sequence[str], label: str) -> str:
    """Run a command; where it fails, its own last words are the error. Whatever ends it, the lock file is whole.

    While another is at work on DVC, say which, and try again.
    """
    mend()
    said = ""
    try:
        while (code := (answer := _printed(command))[0]) and any(words in answer[1] for words in holders.BUSY):
            if (who := holders.waited_for()) != said:
                print(f"waiting for {who}", flush=True)
                said = who
            time.sleep(PAUSE)
    finally:
        mend()
    printed = answer[1]
    if code:
        lines = [line for line in printed.splitlines() if line.strip()]
        reasons = [line for line in lines if line.lower().startswith("error: ")] or lines[-1:]
        reason = re.sub("^error: ", "", reasons[0], flags=re.IGNORECASE) if reasons else ""
        raise ConfigError(f"{label}: {reason}")
    return printed


def _printed(command: Sequence[str]) -> tuple[int, str]:
    """Return how a command ended and what it printed; who interrupts us ends it with all that it has started."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        process_group=0,
        preexec_fn=partial(end_with, os.getpid()),  # where we are killed, so is it
    )
    try:
        printed, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    return process.returncode, printed
