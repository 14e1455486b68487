"""A run's declaration: its settings, its data and the code that they reach. It decides whether a result is today's.

`check` resolves every run, before any result is removed; `declare` adds what only prepared data and trained weights can
say, and writes one small file a run, which is all that the run's training stage depends on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rdfia.chapters import dataset, kind
from rdfia.config import Config, profile
from rdfia.study import runs
from rdfia.study.definitions import Reference, Sources
from rdfia.train.run import Run

LEFT_OUT = "left out"


@dataclass(frozen=True)
class Declaration:
    """What a result depends on. `begins` is the run whose weights it starts from, as chapter/run, with their hash."""

    chapter: str
    run: str
    kind: str
    settings: Mapping[str, Any]
    code_sha256: str
    dataset: str
    data_sha256: str = ""
    begins: str = ""
    begins_sha256: str = ""

    def text(self) -> str:
        """Write it as the file that a stage depends on."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @property
    def sha256(self) -> str:
        """The hash of the whole declaration."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    @classmethod
    def read(cls, path: Path) -> "Declaration":
        """Read a declaration's file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def declare(params: Mapping[str, Any], chapter: str, run: str, sources: Sources) -> Declaration:
    """Return what the parameters and the code say of a run; data and weights are not asked for."""
    settings = runs.resolve(params, chapter, run)
    return Declaration(
        chapter,
        run,
        kind(params, chapter),
        settings.model_dump(mode="json"),
        sources.fingerprint(roots(settings)),
        dataset(params, chapter),
        begins="/".join(settings.begins or ()),
    )


def roots(run: Run) -> list[Reference]:
    """Return the definitions that a run names: its class, and the class of every setting that is one."""
    return sorted({(type(part).__module__, type(part).__name__) for part in _parts(run)})


def _parts(value: Any) -> Iterator[Config]:
    """Yield every configuration class among settings, at any depth."""
    if isinstance(value, Config):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _parts(item)


def declare_all(params: Mapping[str, Any], root: Path = Path()) -> dict[tuple[str, str], Declaration]:
    """Return the declaration of every run that the chosen profile trains."""
    sources = Sources(root)
    return {place: declare(params, *place, sources) for place in runs.trained_runs(params)}


def changed(recorded: Mapping[str, Any], declared: Declaration, data_sha256: str) -> list[str]:
    """Return in what a record differs from today's declaration: settings, code, data; nothing where it is today's."""
    parts = {
        "settings": recorded.get("config") == declared.settings,
        "code": recorded.get("code_sha256") == declared.code_sha256,
        "data": (recorded.get("data") or {}).get("sha256") == data_sha256,
    }
    return [part for part, same in parts.items() if not same]


def stage_roots(stage: str) -> list[Reference]:
    """Return the definitions that a stage starts from."""
    return [(f"stages.{stage}", "main")]


def study_sha256(params: Mapping[str, Any]) -> str:
    """Return a hash of all that the report prints of the parameters."""
    chosen = profile(params)
    whole = {"profile": chosen, "over": params["profiles"][chosen], **{n: params[n] for n in runs.chapters(params)}}
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()
