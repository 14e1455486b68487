"""What the parameters declare: chapters, their runs, and what each run is measured against."""

from collections.abc import Mapping
from typing import Any

from rdfia.config import LEAVE_OUT, PARAMS, ConfigError, layers, profile, section


def chapters(params: Mapping[str, Any]) -> list[str]:
    """Every chapter, in the order of the file: a top-level key that has runs."""
    return [key for key, value in params.items() if isinstance(value, Mapping) and "runs" in value]


def runs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every (chapter, run), in the order of the file."""
    return [(chapter, run) for chapter in chapters(params) for run in section(params, chapter, "runs")]


def left_out(params: Mapping[str, Any], chapter: str) -> tuple[str, ...]:
    """The runs of a chapter that the chosen profile does not train: those that its `leave_out` names, or all."""
    chosen, known = profile(params), section(params, chapter, "runs")
    found = section(params, "profiles", chosen).get(chapter, {}).get(LEAVE_OUT, [])
    names = list(known) if found == "all" else found
    wrong = [name for name in names if name not in known] if isinstance(names, list) else [found]
    if wrong:
        where = f"{PARAMS}: profiles.{chosen}.{chapter}.{LEAVE_OUT}"
        raise ConfigError(f"{where}: found {wrong[0]!r}, allowed: all, or a list of {', '.join(known)}")
    return tuple(names)


def trained(params: Mapping[str, Any], chapter: str) -> list[str]:
    """The runs of a chapter that the chosen profile trains, in the order of the file."""
    without = left_out(params, chapter)
    return [run for run in section(params, chapter, "runs") if run not in without]


def work(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every run that the chosen profile trains, with its chapter."""
    return [(chapter, run) for chapter in chapters(params) for run in trained(params, chapter)]


def reference(params: Mapping[str, Any], chapter: str, run: str) -> str:
    """The run that another's effect is measured against: the one it names, else the first of its chapter."""
    declared = section(params, chapter, "runs")
    named = [layer["reference"] for layer in layers(params, chapter, run).values() if layer and layer.get("reference")]
    name = named[-1] if named else next(iter(declared))
    if name not in declared:
        where = f"{PARAMS}: {chapter}.runs.{run}.reference"
        raise ConfigError(f"{where}: found {name!r}, allowed: {', '.join(declared)}")
    return str(name)
