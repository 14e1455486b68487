"""The machine: Python, its packages, its processor and the precision that it computes well in, its disk and memory."""

import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from rdfia.chapters import dataset
from rdfia.config import ConfigError, profile
from rdfia.data.memory import GIB, available
from rdfia.doctor.finding import Finding, broken, fine, note
from rdfia.record import layout, shape
from rdfia.study import runs

LOCK, PROJECT = Path("requirements.lock"), Path("pyproject.toml")
SHOWN = 5  # packages in a line
SETUP = "`make setup` makes .venv with what is locked"


def packages() -> Iterator[Finding]:
    """Compare Python and its packages with those that are needed, and with those that are locked."""
    python = ".".join(map(str, sys.version_info[:3]))
    if not (LOCK.is_file() and PROJECT.is_file()):
        raise ConfigError(f"{LOCK} or {PROJECT}: no such file; run from the project's root")
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    wrong = [text for text in project["dependencies"] if not _meets(Requirement(text))]
    if wrong:
        yield broken("python", f"{python}, {len(wrong)} needed packages are not there: {_some(wrong)}", SETUP)
    locked = [Requirement(line) for line in _requirements(LOCK)]
    locked = [one for one in locked if one.marker is None or one.marker.evaluate()]
    other = [f"{one.name} {_installed(one.name) or 'missing'} ({one.specifier})" for one in locked if not _meets(one)]
    if other:
        yield note(
            "python", f"{python}, {len(other)} of {len(locked)} packages are not as locked: {_some(other)}", SETUP
        )
    if not (wrong or other):
        yield fine("python", f"{python}, {len(locked)} packages as in {LOCK}")


def _requirements(path: Path) -> Iterator[str]:
    """Yield the requirements of a lock file, without their hashes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#", "-")):
            yield line.rstrip(" \\")


def _meets(wanted: Requirement) -> bool:
    """Tell whether a package is there in a version that is wanted; what is built for another device is the same."""
    found = _installed(wanted.name)
    return bool(found) and wanted.specifier.contains(Version(found).public, prereleases=True)


@cache
def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _some(items: list[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def processor() -> Iterator[Finding]:
    """Say on which device training runs."""
    from rdfia.train import device

    name, jobs = device.machine(device.device())["processor"], device.jobs()
    yield fine("device", f"{device.device()} ({name}), {jobs} at once")


def precision(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Say in which precision the first run trains that leaves it to the self-test."""
    for chapter, run in runs.trained_runs(params):
        settings = runs.resolve(params, chapter, run)
        card = shape.find(layout.card(profile(params), dataset(params, chapter)), shape.Card)
        if getattr(settings, "precision", "") == "auto" and card:
            yield fine("precision", f"{chapter}/{run}: {_tried(settings, card)}")
            return


def _tried(settings: Any, card: Mapping[str, Any]) -> str:
    """Try other precisions than float32 on a run's network, and say what came out."""
    from rdfia.train.precision import resolve, trials

    measured = ", ".join(
        f"{name} changes gradients by {tried.error:.1%} and takes {1 / max(tried.speed, 1e-9):.0%} of the time"
        for name, tried in trials(settings, card).items()
    )
    return f"`auto` is {resolve(settings, card)}, as {measured}"


def room(params: Mapping[str, Any], wanted: list[tuple[str, str]]) -> Iterator[Finding]:
    """Compare what the wanted runs will take of disk and memory with what is free."""
    from rdfia.study.needs import needs
    from rdfia.train import device

    jobs = device.jobs()
    found, disk, memory = needs(params, wanted, jobs), shutil.disk_usage(layout.ROOT).free, available()
    counted = f"roughly, for {found.runs} runs to train: {found.seeds} seeds, {found.weights:,} weights"
    state = f"{_gib(found.disk)} of {_gib(disk)} free ({counted})"
    yield broken("disk", state, "free some space") if found.disk > disk else fine("disk", state)
    state = f"{_gib(found.memory)} of {_gib(memory)} free ({jobs} runs at once, the largest, and all data)"
    remedy = f"`rdfia sweep -j {max(1, jobs // 2)}`, or close something"
    yield note("memory", state, remedy) if found.memory > memory else fine("memory", state)


def _gib(count: int) -> str:
    return f"{count / GIB:,.1f} GiB"
