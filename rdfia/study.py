"""The study as a whole: every run, data set and question that the parameters declare."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rdfia import chapters, config, declared, theory
from rdfia.data import sources


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


def validate(params: Mapping[str, Any]) -> str:
    """One line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = [sources.declared(params, name) for name in config.section(params, "data")]
    runs = [chapters.resolve(params, chapter, run) for chapter, run in declared.runs(params)]
    for chapter in declared.chapters(params):
        chapters.dataset(params, chapter)
    questions = theory.resolve(params)
    counted = f"{len(datasets)} data sets, {len(runs)} runs, {len(questions)} questions"
    return f"{config.PARAMS}: profile {config.profile(params)}, {counted}, all valid"
