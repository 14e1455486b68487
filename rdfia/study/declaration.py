"""What the parameters and the code declare: a declaration for each run and each data set, and a hash for each stage."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rdfia.chapters import dataset, kind
from rdfia.config import Config, over, profile
from rdfia.data.sources import resolve_dataset
from rdfia.record import layout
from rdfia.record.declaration import Declaration
from rdfia.study import runs
from rdfia.study.definitions import Sources
from rdfia.study.module import WHOLE, Reference

STAGES = ("prepare", "evaluate", "theory", "report", "track")  # but for training, whose code is said run by run

TEXTS = (".md", ".html", ".css", ".js", ".csv", ".yaml", ".bib")  # what the report reads beside its code


def declare(params: Mapping[str, Any], chapter: str, run: str, sources: Sources) -> Declaration:
    """Return what is known of a run before data are prepared and others are trained."""
    if run in runs.left_out(params, chapter):
        return Declaration(chapter, run, kind(params, chapter), left_out=True)
    settings = runs.resolve(params, chapter, run)
    return Declaration(
        chapter,
        run,
        kind(params, chapter),
        settings=settings.model_dump(mode="json"),
        code_sha256=sources.fingerprint(roots(settings)),
        dataset=dataset(params, chapter),
        begins="/".join(settings.begins or ()),
    )


def declarations(params: Mapping[str, Any]) -> list[Declaration]:
    """Return the declaration of every run."""
    sources, names = Sources(layout.ROOT), runs.chapters(params)
    return [declare(params, chapter, run, sources) for chapter in names for run in runs.runs(params, chapter)]


def declare_data(params: Mapping[str, Any], name: str, sources: Sources) -> dict[str, Any]:
    """Return what is known of a data set before it is prepared: its settings, and the hash of its source's code."""
    found = resolve_dataset(params, name)
    return {**found.model_dump(mode="json"), "code_sha256": sources.fingerprint(roots(found))}


def roots(settings: Config) -> list[Reference]:
    """Return the definitions that settings name: their class, and the class of every setting that is one."""
    return sorted({(type(part).__module__, type(part).__name__) for part in _parts(settings)})


def _parts(value: Any) -> Iterator[Config]:
    """Yield every configuration class among settings, at any depth."""
    if isinstance(value, Config):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _parts(item)


def stage_code(stage: str, sources: Sources) -> str:
    """Return the hash of all that a stage's entry point reaches; the report finds its rooms and texts by name."""
    entry: list[Reference] = [(f"stages.{stage}", "main")]
    if stage != "report":
        return sources.fingerprint(entry)
    rooms = [path for folder in ("report", "chapters") for path in sorted(sources.root.glob(f"rdfia/{folder}/**/*.py"))]
    entry += [(".".join(path.relative_to(sources.root).with_suffix("").parts), WHOLE) for path in rooms]
    digest = hashlib.sha256(sources.fingerprint(entry).encode())
    for path in sorted(sources.root.glob("rdfia/**/*")):
        if path.suffix in TEXTS:
            digest.update(path.relative_to(sources.root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def printed(params: Mapping[str, Any]) -> str:
    """Return a hash of all that the report prints of the parameters."""
    names = runs.chapters(params)
    whole = {"profile": profile(params), "over": {name: over(params, name) for name in names}}
    whole |= {name: params[name] for name in names}
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()
