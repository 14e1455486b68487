"""The study as a whole: every run, data set and question that the parameters declare."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rdfia import chapters, config, declared, theory
from rdfia.chapters.work import source
from rdfia.data import sources
from rdfia.train.run import Run


def declarations(params: Mapping[str, Any]) -> dict[str, str]:
    """What is declared, by the name of a file: for a chapter its data set and runs, for the study all that is printed.

    Stages that need the names alone depend on the first, so that no setting of a run concerns them.
    """
    names = declared.chapters(params)
    found = {
        chapter: "\n".join([chapters.dataset(params, chapter), *declared.trained(params, chapter), ""])
        for chapter in names
    }
    chosen = config.profile(params)
    whole = {"profile": chosen, "over": config.section(params, "profiles", chosen)} | {n: params[n] for n in names}
    return found | {"study": hashlib.sha256(json.dumps(whole).encode()).hexdigest() + "\n"}


def _sound(params: Mapping[str, Any], chapter: str, name: str) -> Run:
    """A run that can be used; one that begins from a run of the same chapter, or of none, is a ConfigError."""
    run = chapters.resolve(params, chapter, name)
    begins = source(run)
    if begins is None:
        return run
    if begins[0] == chapter or begins not in declared.work(params):
        where = f"{config.PARAMS}: {chapter}.runs.{name}.model.start"
        said = "a run of another chapter that is declared and not left out"
        raise config.ConfigError(f"{where}: found {'/'.join(begins)}, allowed: {said}")
    return run


def validate(params: Mapping[str, Any]) -> str:
    """One line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = [sources.resolve_dataset(params, name) for name in config.section(params, "data")]
    runs = [_sound(params, chapter, run) for chapter, run in declared.work(params)]
    for chapter in declared.chapters(params):
        chapters.dataset(params, chapter)
    questions = theory.resolve(params)
    without = len(declared.runs(params)) - len(runs)
    spared = f" ({without} more left out)" if without else ""
    counted = f"{len(datasets)} data sets, {len(runs)} runs{spared}, {len(questions)} questions"
    return f"{config.PARAMS}: profile {config.profile(params)}, {counted}, all valid"
