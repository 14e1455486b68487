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
        chapter: "\n".join([chapters.dataset(params, chapter), *config.section(params, chapter, "runs"), ""])
        for chapter in names
    }
    chosen = config.profile(params)
    whole = {"profile": chosen, "over": config.section(params, "profiles", chosen)} | {n: params[n] for n in names}
    return found | {"study": hashlib.sha256(json.dumps(whole).encode()).hexdigest() + "\n"}


def _sound(params: Mapping[str, Any], chapter: str, name: str) -> Run:
    """A run that can be used; one that begins from a run of the same chapter, or of none, is a ConfigError."""
    run = chapters.resolve(params, chapter, name)
    begins = source(run)
    others = [each for each in declared.runs(params) if each[0] != chapter]
    if begins is not None and begins not in others:
        where = f"{config.PARAMS}: {chapter}.runs.{name}.model.start"
        raise config.ConfigError(f"{where}: found {'/'.join(begins)}, allowed: a declared run of another chapter")
    return run


def validate(params: Mapping[str, Any]) -> str:
    """One line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = [sources.declared(params, name) for name in config.section(params, "data")]
    runs = [_sound(params, chapter, run) for chapter, run in declared.runs(params)]
    for chapter in declared.chapters(params):
        chapters.dataset(params, chapter)
    questions = theory.resolve(params)
    counted = f"{len(datasets)} data sets, {len(runs)} runs, {len(questions)} questions"
    return f"{config.PARAMS}: profile {config.profile(params)}, {counted}, all valid"
