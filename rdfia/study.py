"""The study as a whole: every run, data set and question that the parameters declare."""

from collections.abc import Mapping
from typing import Any

from rdfia import chapters, config, declared, theory
from rdfia.data import sources


def validate(params: Mapping[str, Any]) -> str:
    """One line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = [sources.declared(params, name) for name in config.section(params, "data")]
    runs = [chapters.resolve(params, chapter, run) for chapter, run in declared.runs(params)]
    for chapter in declared.chapters(params):
        chapters.dataset(params, chapter)
    questions = theory.resolve(params)
    counted = f"{len(datasets)} data sets, {len(runs)} runs, {len(questions)} questions"
    return f"{config.PARAMS}: profile {config.profile(params)}, {counted}, all valid"
