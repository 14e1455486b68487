"""The study as a whole is checked before DVC removes a result: every run, data set and question."""

from collections.abc import Mapping
from typing import Any

from rdfia import chapters, theory
from rdfia.config import PARAMS, ConfigError, profile, section
from rdfia.data import sources
from rdfia.study import runs


def validate(params: Mapping[str, Any]) -> str:
    """Return one line on what is declared; the first setting that cannot be used is a ConfigError."""
    datasets = {name: sources.resolve_dataset(params, name) for name in section(params, "data")}
    for name, dataset in datasets.items():
        _validation_fits(name, dataset)
    known = runs.trained_runs(params)
    for chapter in runs.chapters(params):
        chapters.dataset(params, chapter)
        chapters.kind(params, chapter)
        for run in runs.runs(params, chapter):
            runs.lineage(params, chapter, run)
    for chapter, run in known:
        _begins_from_another(params, chapter, run, known)
    questions = theory.resolve(params)
    without = sum(len(runs.left_out(params, chapter)) for chapter in runs.chapters(params))
    spared = f" ({without} more left out)" if without else ""
    counted = f"{len(datasets)} data sets, {len(known)} runs{spared}, {len(questions)} questions"
    return f"{PARAMS}: profile {profile(params)}, {counted}, all valid"


def _validation_fits(name: str, dataset: sources.Dataset) -> None:
    """Refuse to take all for validation where it is known, before data are read, how many there are for training."""
    train = getattr(dataset.source, "train", None)
    if train is not None and dataset.validation >= train:
        allowed = f"fewer than {train}, the examples that {dataset.source.name} has for training"
        raise ConfigError(f"{PARAMS}: data.{name}.validation: found {dataset.validation}, allowed: {allowed}")


def _begins_from_another(params: Mapping[str, Any], chapter: str, run: str, known: list[tuple[str, str]]) -> None:
    """Refuse a run that begins from a run of the same chapter, or of none."""
    begins = runs.resolve(params, chapter, run).begins
    if begins is not None and (begins[0] == chapter or begins not in known):
        raise runs.no_begin(chapter, run, begins)
