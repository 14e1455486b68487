"""All written questions of the course in words, as questions.yaml has them: answers, the reports' answers, and errors.

The file maps the title of each part to its questions. Those whose answer is a number have a class in this package.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from rdfia.config import Config, ConfigError, listed, parse_yaml, shorten
from rdfia.config.errors import explain

SOURCE = Path(__file__).with_name("questions.yaml")
Report = Literal["R2022", "R2023a", "R2023b", "R2024", "R2026"]
Paragraph = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_ ]+)?$")]  # a computed question, a chapter, a run or a group
Entry = TypeVar("Entry", bound=Config)
Parts = Mapping[str, tuple["Written", ...]]


class Mistake(Config):
    """What `reports` print and what is right; without reports, what none of them says."""

    number: int = Field(ge=1)
    reports: Annotated[tuple[Report, ...], listed]
    printed: Paragraph
    right: Paragraph
    shown_by: Name | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What shows it."""
        return (self.shown_by,) if self.shown_by else ()


class Written(Config):
    """A question, our answer, and those of the reports that answer it."""

    id: Annotated[str, Field(pattern=r"^[12][a-d]?(\.\S+)?$")]
    question: Paragraph
    answer: Paragraph
    reports: dict[Report, Paragraph]
    decided_by: Annotated[tuple[Name, ...], listed]
    text: bool = False
    errors: Annotated[tuple[Mistake, ...], listed] = ()

    @model_validator(mode="after")
    def _decided(self) -> Self:
        if self.text == bool(self.decided_by):
            raise ValueError("either decided_by or text: true")
        return self


def read(path: Path = SOURCE) -> Parts:
    """Return the questions of each part, in the order of the file."""
    return parse(parse_yaml(path.read_bytes(), path.name), path.name)


def parse(content: Any, where: str) -> Parts:
    """Validate the questions of each part; an id or the number of an error stands once."""
    if not (isinstance(content, Mapping) and all(isinstance(entries, list) for entries in content.values())):
        raise ConfigError(f"{where}: found {shorten(content)}, allowed: titles of parts, each with a list of questions")
    parts = {
        title: tuple(validated(Written, entry, f"{where}: {title}.{place}") for place, entry in enumerate(entries))
        for title, entries in content.items()
    }
    for key, names in (("id", _ids(parts)), ("number", _numbers(parts))):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise ConfigError(f"{where}: {key}: found {name} twice, allowed: each once")
            seen.add(name)
    return parts


def validated(kind: type[Entry], entry: Any, where: str) -> Entry:
    """Return an entry of a file as its strict class; what cannot be used is one line that names the key."""
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        path, reason = explain(error.errors(), kind, entry)
        raise ConfigError(f"{'.'.join((where, *path))}: {reason}") from None


def _ids(parts: Parts) -> Iterator[str]:
    return (question.id for questions in parts.values() for question in questions)


def _numbers(parts: Parts) -> Iterator[str]:
    return (str(e.number) for questions in parts.values() for question in questions for e in question.errors)
