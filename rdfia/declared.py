"""What the parameters declare: chapters, their runs, and what each run is measured against."""

from collections.abc import Mapping
from typing import Any

from rdfia.config import PARAMS, ConfigError, layers, section


def chapters(params: Mapping[str, Any]) -> list[str]:
    """Every chapter, in the order of the file: a top-level key that has runs."""
    return [key for key, value in params.items() if isinstance(value, Mapping) and "runs" in value]


def runs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every (chapter, run), in the order of the file."""
    return [(chapter, run) for chapter in chapters(params) for run in section(params, chapter, "runs")]


def reference(params: Mapping[str, Any], chapter: str, run: str) -> str:
    """The run that another's effect is measured against: the one it names, else the first of its chapter."""
    declared = section(params, chapter, "runs")
    named = [layer["reference"] for layer in layers(params, chapter, run).values() if layer and layer.get("reference")]
    name = named[-1] if named else next(iter(declared))
    if name not in declared:
        where = f"{PARAMS}: {chapter}.runs.{run}.reference"
        raise ConfigError(f"{where}: found {name!r}, allowed: {', '.join(declared)}")
    return str(name)
