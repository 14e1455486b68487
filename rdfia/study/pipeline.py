"""dvc.yaml, written from the chapters that params.yaml declares: `rdfia pipeline`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from rdfia.chapters import kind
from rdfia.config import PARAMS, ConfigError, merge, profile, shorten
from rdfia.study import runs

PIPELINE = Path("dvc.yaml")
TEMPLATE = Path(__file__).with_name("dvc.yaml.j2")


def text(params: Mapping[str, Any]) -> str:
    """Return the pipeline as YAML: a block for each chapter."""
    chapters = [
        {"name": name, "one_stage": one_stage(params, name), "begins": begins_from(params, name)}
        for name in runs.chapters(params)
        if kind(params, name)
    ]
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        variable_start_string="<<", variable_end_string=">>",
    )  # fmt: skip
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(chapters=chapters)


def check(params: Mapping[str, Any]) -> None:
    """Refuse a pipeline that is not written from these chapters."""
    if not PIPELINE.exists() or PIPELINE.read_text(encoding="utf-8") != text(params):
        raise ConfigError(f"{PIPELINE}: found other chapters than {PARAMS} declares; `rdfia pipeline` writes it anew")


def one_stage(params: Mapping[str, Any], chapter: str) -> bool:
    """Tell whether a chapter's runs are one stage: they take less time than a process each would."""
    value = params[chapter].get("one_stage", False)
    if not isinstance(value, bool):
        raise ConfigError(f"{PARAMS}: {chapter}.one_stage: found {shorten(value)}, allowed: true or false")
    return value


def stage(params: Mapping[str, Any], chapter: str, run: str) -> str:
    """Return the name that `dvc repro` takes to train a run."""
    whole = f"{chapter}@{profile(params)}"
    return whole if one_stage(params, chapter) else f"{whole}-{run}"


def begins_from(params: Mapping[str, Any], chapter: str) -> list[str]:
    """Return the runs, as chapter/run, whose weights a chapter's runs begin from, as the lines say it."""
    found = []
    for run in runs.runs(params, chapter):
        settings: Any = {}
        for part in runs.layers(params, chapter, run).values():
            settings = merge(settings, part)
        start = settings.get("model", {}).get("start") if isinstance(settings.get("model"), Mapping) else None
        if isinstance(start, Mapping) and start.get("name") == "run":
            place = (start.get("chapter"), start.get("run"))
            if place not in runs.declared(params):
                raise runs.no_begin(chapter, run, place)
            found.append("/".join(place))
    return list(dict.fromkeys(found))
