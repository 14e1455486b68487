"""The works that the study builds on: `references.bib`, read strictly, and where a text or a setting makes use of one.

A text cites a work by its authors and year, as in "Kingma and Ba 2015" or "He et al. 2016", a report by its name. The
field `keywords` has the words of params.yaml that mean a method of the work.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rdfia.config import ConfigError
from rdfia.words import listed

PATH = Path(__file__).parents[1] / "references.bib"
PROJECT = "rdfia"  # the entry of this study
PAGE = "references"  # the page that the works stand on
ENTRY = re.compile(r"@(\w+)\{([\w]+),\n((?:  \w+ = \{.*\},\n)+)\}")
FIELD = re.compile(r"  (\w+) = \{(.*)\},")
ALWAYS = ("author", "title", "year")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "article": ("journal", "volume", "pages|doi"),
    "book": ("publisher",),
    "incollection": ("booktitle", "publisher"),
    "inproceedings": ("booktitle",),
    "misc": ("howpublished|eprint|url",),
    "software": ("version|doi|url",),
    "techreport": ("institution",),
}
VENUES = ("journal", "booktitle", "institution", "publisher", "howpublished")


@dataclass(frozen=True)
class Work:
    """A paper, a book, a program or a course report."""

    key: str
    fields: Mapping[str, str]
    bibtex: str

    @cached_property
    def names(self) -> list[str]:
        """The family names of its authors; one in braces is that of a group and stays whole."""
        return [name.strip("{}").split(", ")[0] for name in self.fields["author"].split(" and ")]

    @property
    def label(self) -> str:
        """How a text cites it."""
        return next(self.labels)

    @property
    def labels(self) -> Iterator[str]:
        """Every way in which a text may cite it, the usual one first."""
        if self.fields["author"].startswith("{"):
            yield self.key
            return
        if len(self.names) > 2:
            yield f"{self.names[0]} et al. {self.fields['year']}"
        yield f"{listed(self.names)} {self.fields['year']}"

    @property
    def keywords(self) -> list[str]:
        """The words of settings that mean a method of it."""
        return [word for word in self.fields.get("keywords", "").split(", ") if word]

    @property
    def part(self) -> str:
        """Which part of the list it belongs to: the course reports, this study, or works that it builds on."""
        if self.fields["author"].startswith("{"):
            return "study" if self.key == PROJECT else "reports"
        return "works"

    @property
    def place(self) -> str:
        """Where it was published, with volume and pages."""
        where = next((self.fields[name] for name in VENUES if name in self.fields), "")
        numbers = ", ".join(self.fields[name].replace("--", "–") for name in ("volume", "pages") if name in self.fields)
        return " ".join(filter(None, (where, numbers)))

    @property
    def address(self) -> str:
        """The link that leads to it, empty where it has none."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        return (
            f"https://arxiv.org/abs/{self.fields['eprint']}" if "eprint" in self.fields else self.fields.get("url", "")
        )


def read(path: Path = PATH) -> dict[str, Work]:
    """Return the works by their keys, in the order of the file; what is not an entry, or lacks a field, is an error."""
    rest = ENTRY.sub("", text := path.read_text(encoding="utf-8"))
    left = [line for line in rest.splitlines() if line.strip() and not line.startswith("%")]
    if left:
        raise ConfigError(f"{path.name}: found {left[0].strip()!r}, allowed: entries with a field a line")
    works: dict[str, Work] = {}
    for kind, key, lines in ENTRY.findall(text):
        fields = dict(FIELD.findall(lines))
        for wanted in (*ALWAYS, *_required(path, key, kind)):
            if not any(fields.get(name) for name in wanted.split("|")):
                raise ConfigError(f"{path.name}: {key}: {wanted.replace('|', ' or ')}: missing")
        if key in works:
            raise ConfigError(f"{path.name}: {key}: found twice, allowed: once")
        works[key] = Work(key, fields, f"@{kind}{{{key},\n{lines}}}")
    return works


def _required(path: Path, key: str, kind: str) -> tuple[str, ...]:
    if kind not in REQUIRED:
        raise ConfigError(f"{path.name}: {key}: found @{kind}, allowed: {', '.join(REQUIRED)}")
    return REQUIRED[kind]


def cited(text: str, works: Mapping[str, Work]) -> list[Work]:
    """Return the works that a text cites, each once."""
    by_label = _by_label(works)
    found = dict.fromkeys(_pattern(by_label).findall(text))
    return list({by_label[label].key: by_label[label] for label in found}.values())


def linked(text: str, works: Mapping[str, Work]) -> str:
    """Return a text whose citations are links, as in [Smyth 2004](pages/references.html#smyth2004)."""
    by_label = _by_label(works)
    return _pattern(by_label).sub(lambda found: f"[{found[0]}]({target(by_label[found[0]])})", text)


def target(work: Work) -> str:
    """Return where a work stands, from the report's folder."""
    return f"pages/{PAGE}.html#{work.key}"


def _by_label(works: Mapping[str, Work]) -> dict[str, Work]:
    return {label: work for work in works.values() for label in work.labels}


def _pattern(labels: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w`])(?:{'|'.join(map(re.escape, labels))})(?![\w`])")


def used(settings: object, works: Mapping[str, Work]) -> list[Work]:
    """Return the works of the methods that a run's settings name."""
    named = words(settings)
    return [work for work in works.values() if named.intersection(work.keywords)]


def words(settings: object) -> set[str]:
    """Return the words of settings that a keyword may be."""
    return set(_words(settings))


def _words(value: object, key: str = "") -> Iterator[str]:
    """Yield each word of settings: a value, alone and behind its key, and each key whose value is not off."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if inner:
                yield name
            yield from _words(inner, key if name == "name" else name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner, key)
    elif isinstance(value, str):
        yield from (value, f"{key}={value}")
