"""What results must look like to be read: a file that was written by another hand is named, with the key.

A key that is not here, or is missing where it has a default, may be anything: what reads it says what it needs.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from rdfia.config import ConfigError
from rdfia.config.errors import explain
from rdfia.files import ANEW, find_json, read_json

OF_KEY = "[key]"  # how pydantic says that a key cannot be used, and not its value


def _number(text: str) -> str:
    if not text.isdecimal():
        raise ValueError("the number of a seed")
    return text


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("0 to 1")
    return value


def _time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time, as 2026-01-31T12:00:00+00:00") from None
    return text


Share = Annotated[float, AfterValidator(_share)]
Seed = Annotated[str, AfterValidator(_number)]


class Shape(BaseModel):
    """Keys whose values are of a kind, among others."""

    model_config = ConfigDict(strict=True)


class Card(Shape):
    """The card of a data set."""

    name: str = ""
    source: str = ""
    label: str = ""
    stands_for: str | None = None
    kind: str = ""
    classes: list[str] = []
    shape: list[int] = []
    counts: dict[str, int] = {}
    sha256: str = ""
    provenance: str = ""
    skipped: dict[str, int] = {}
    duplicates: int = 0


class Prepared(Card):
    """The card of a data set to train on."""

    kind: str
    classes: list[str]
    shape: list[int]
    counts: dict[str, int]
    sha256: str


class Trained(Shape):
    """What remains of a seed."""

    status: str = ""
    train_accuracy: Share | None = None
    frozen_accuracy: Share | None = None
    validation_accuracy: Share | None = None


class Metrics(Shape):
    """The figures of a run, its settings and its data."""

    status: str = ""
    parameters: int | None = None
    flops: int | None = None
    seeds: dict[Seed, Trained] = {}
    config: dict[str, Any] = {}
    data: Card = Card()
    versions: dict[str, str] = {}


class Timing(Shape):
    """When a run was trained, and how long."""

    started: Annotated[str, AfterValidator(_time)] = ""
    seconds: float = 0.0
    training_seconds: float = 0.0
    machine: dict[str, Any] = {}


class Tested(Shape):
    """What a seed answers on the test split."""

    accuracy: Share
    loss: float | None = None


class Answers(Shape):
    """What a run answers on the test split."""

    seeds: dict[Seed, Tested] = {}
    confusion: list[list[int]] = []
    classes: list[str] = []


def find(path: Path, kind: type[Shape]) -> dict[str, Any]:
    """Read the mapping in a JSON file, empty where there is none; one that cannot be used is a ConfigError."""
    return check(find_json(path), path, kind)


def read(path: Path, kind: type[Shape], remedy: str) -> dict[str, Any]:
    """Read the mapping in a JSON file; where there is no file, the error says what makes it."""
    return check(read_json(path, remedy), path, kind)


def find_answers(path: Path) -> dict[str, Any]:
    """Read what `evaluate` wrote of a chapter: the answers of each run, by its name."""
    found = find_json(path)
    for run, answers in found.items():
        check(answers, path, Answers, run)
    return found


def check(found: Any, path: Path, kind: type[Shape], *above: str) -> dict[str, Any]:
    """Return what has the shape of a kind of results; else the error names the file, and the key below others."""
    try:
        kind.model_validate(found)
    except ValidationError as error:
        where, reason = explain(error.errors(), kind, found)
        key = ".".join(step for step in (*above, *where) if step != OF_KEY)
        raise ConfigError(f"{path}: {key}: {reason}; {ANEW}") from None
    return cast("dict[str, Any]", found)
