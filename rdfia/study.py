"""The study as a whole: every run and data set that the parameters declare."""

from collections.abc import Mapping
from typing import Any

from rdfia import chapters, config
from rdfia.data.sources import declared


def runs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every declared (chapter, run), in the order of the file."""
    return [(chapter, run) for chapter in chapters.CHAPTERS for run in chapters.runs(params, chapter)]


def validate(params: Mapping[str, Any]) -> str:
    """One line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = [declared(params, name) for name in config.section(params, "data")]
    resolved = [chapters.resolve(params, chapter, run) for chapter, run in runs(params)]
    for chapter in chapters.CHAPTERS:
        chapters.dataset(params, chapter)
    profile = config.profile(params)
    return f"{config.PARAMS}: profile {profile}, {len(datasets)} data sets, {len(resolved)} runs, all valid"
