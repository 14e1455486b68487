"""Where the results come from, as data: an RO-Crate of the profile Process Run Crate, in the report's folder.

Every run is an action: begun and ended when, by which code, on which data, with which files as its result. All of it
stands in the records already. Named are the small files alone, which travel with the folder wherever it goes; weights
are named by their hash.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rdfia.analyse.results import RunResult, Study
from rdfia.record.run import FINISHED, HISTORY, METRICS

FILE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
CRATE = "https://w3id.org/ro/crate/1.1"
LICENCE = "https://spdx.org/licenses/MIT"
CONTEXT = (f"{CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context")
KINDS = {".json": "application/json", ".csv": "text/csv"}
Entity = dict[str, Any]


def crate(study: Study, written: Mapping[str, str]) -> Entity:
    """Return the crate; `written` are the report's own files that belong to it, with their text."""
    folder = study.folder()
    runs = [run for run in study.runs if run.ran and run.timing.get("started")]
    own = [_file(name, text.encode("utf-8")) for name, text in written.items()]
    cards = [_file(name, (folder / name).read_bytes()) for name in _cards(study) if (folder / name).exists()]
    known = {card["@id"] for card in cards}
    by_run = {run.key: list(_of_run(run, known)) for run in runs}
    entities = [*own, *cards, *(entity for found in by_run.values() for entity in found)]
    actions = [entity for entity in entities if entity["@type"] == "CreateAction"]
    files = [entity for entity in entities if entity["@type"] == "File"]
    root = _root(study, files, actions)
    graph = {entity["@id"]: entity for entity in (*_descriptor(), root, *entities)}  # each once
    return {"@context": list(CONTEXT), "@graph": list(graph.values())}


def _descriptor() -> Iterator[Entity]:
    """Yield what says that the file is a crate, of which profile, and what its licence is."""
    yield {"@id": FILE, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": {"@id": "./"}}
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    yield {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT License"}


def _root(study: Study, files: Sequence[Entity], actions: Sequence[Entity]) -> Entity:
    ended = max((action["endTime"] for action in actions), default="1970-01-01T00:00:00+00:00")
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Results of the profile {study.profile}",
        "description": "Deep learning for vision: the runs of one reproducible study, and what came of them",
        "datePublished": ended[:10],
        "license": {"@id": LICENCE},
        "conformsTo": {"@id": PROFILE},
        "hasPart": _references(files),
        "mentions": _references(actions),
    }


def _of_run(run: RunResult, known: Iterable[str]) -> Iterator[Entity]:
    """Yield a run's action, and what it used and made."""
    metrics, place = run.record.metrics, f"runs/{run.chapter}/{run.name}"
    files = [_file(f"{place}/{name}", (run.record.folder / name).read_bytes()) for name in (METRICS, HISTORY)]
    code, weights = metrics.get("code_sha256"), metrics.get("weights_sha256")
    used = [{"@id": name} for name in (f"data/{run.card.name}.json",) if name in known]
    made = _references(files)
    yield from files
    if code:
        yield {"@id": f"#code-{code[:16]}", "@type": "PropertyValue", "name": "code_sha256", "value": code}
        used.append({"@id": f"#code-{code[:16]}"})
    if weights:
        name = f"weights of every seed of {run.key}"
        yield {"@id": f"#weights-{weights[:16]}", "@type": "CreativeWork", "name": name, "sha256": weights}
        made.append({"@id": f"#weights-{weights[:16]}"})
    program, packages = _program(run)
    yield from (program, *packages)
    yield _action(run, program["@id"], used, made)


def _action(run: RunResult, program: str, used: Sequence[Entity], made: Sequence[Entity]) -> Entity:
    began = datetime.fromisoformat(str(run.timing["started"]))
    ended = began + timedelta(seconds=float(run.timing.get("seconds") or 0))
    status = "CompletedActionStatus" if run.status == FINISHED else "FailedActionStatus"
    return {
        "@id": f"#run-{run.chapter}-{run.name}",
        "@type": "CreateAction",
        "name": f"Training of {run.key}",
        "description": f"python -m stages.train {run.chapter} {run.name}; settings and seeds are in metrics.json",
        "startTime": began.isoformat(timespec="seconds"),
        "endTime": ended.isoformat(timespec="seconds"),
        "actionStatus": {"@id": f"http://schema.org/{status}"},
        "instrument": {"@id": program},
        "object": list(used),
        "result": list(made),
    }


def _program(run: RunResult) -> tuple[Entity, list[Entity]]:
    """Return the program at the commit that trained a run, and the packages that it trained with."""
    packages = [
        {"@id": f"#{name}-{version}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in sorted(run.versions.items())
    ]
    commit = str(run.timing.get("commit") or "unknown")
    version = "-".join([commit[:12], *run.versions.values()])
    program = {"@type": "SoftwareApplication", "name": "rdfia", "softwareVersion": commit}
    return {"@id": f"#rdfia-{version}", **program, "softwareRequirements": _references(packages)}, packages


def _cards(study: Study) -> list[str]:
    return [f"data/{name}.json" for name in study.cards]


def _file(name: str, content: bytes) -> Entity:
    """Return a file of the folder with its size and its hash."""
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": KINDS[Path(name).suffix],
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _references(entities: Iterable[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]
