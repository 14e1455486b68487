"""Chapters of the study: which model each trains, and how a declared run becomes a configuration.

A chapter's own module is imported when it is asked for, so that a change to one network concerns its chapter alone.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from rdfia.closure import CHAPTERS
from rdfia.config import PARAMS, ConfigError, layers, parse, section
from rdfia.declared import reference
from rdfia.train.classifier import Classifier, build, network
from rdfia.train.run import Run


def folder(chapter: str) -> str:
    """Return the name of the folder with what a chapter trains: its own, or that of its kind."""
    if chapter not in CHAPTERS:
        raise ConfigError(f"chapter: found {chapter!r}, allowed: {', '.join(CHAPTERS)}")
    return CHAPTERS[chapter]


def kind(chapter: str) -> type[Run]:
    """The configuration class of a chapter's runs."""
    declared: type[Run] = import_module(f"rdfia.chapters.{folder(chapter)}.run").ChapterRun
    return declared


def dataset(params: Mapping[str, Any], chapter: str) -> str:
    """The name of the data set that a chapter trains on."""
    name, known = section(params, chapter).get("dataset"), section(params, "data")
    if name not in known:
        raise ConfigError(f"{PARAMS}: {chapter}.dataset: found {name!r}, allowed: {', '.join(known)}")
    return str(name)


def runs(params: Mapping[str, Any], chapter: str) -> list[str]:
    """The names of a chapter's runs, in the order of the file."""
    return list(section(params, chapter, "runs"))


def resolve(params: Mapping[str, Any], chapter: str, run: str) -> Run:
    """base, changed by the profile, changed by the run's own lines, validated."""
    parts = layers(params, chapter, run)
    resolved = parse(kind(chapter), *parts.values(), where=list(parts))
    reference(params, chapter, run)
    return resolved


def check(run: Run, card: Mapping[str, Any], where: str) -> None:
    """A network that cannot be built on these data is a ConfigError that names the run."""
    with at(where):
        network(run, card, torch.Generator())


@contextmanager
def at(where: str) -> Iterator[None]:
    """What is found wrong with a run's settings inside the block is said with the key of the run."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{PARAMS}: {where}.{error}") from None


def predictor(metrics: Mapping[str, Any], weights: Path, seed: int, epoch: int | None = None) -> Classifier:
    """The trained classifier of one seed, as a run's metrics.json and weights describe it, in evaluation mode.

    With an epoch, as it was at that epoch, of which the run must have kept a snapshot.
    """
    run = kind(metrics["chapter"]).model_validate_json(json.dumps(metrics["config"]))
    model = build(run, metrics["data"], _part(weights, "statistics/"), torch.Generator())
    model.network.load_state_dict(_part(weights, f"seed{seed}/" if epoch is None else f"seed{seed}@{epoch}/"))
    return model.eval()


def _part(weights: Path, prefix: str) -> dict[str, Tensor]:
    """The tensors of a weights file below `prefix`."""
    with safe_open(weights, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}
