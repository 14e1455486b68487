"""Provenance as data: what RO-Crate 1.1 and the profile Process Run Crate 0.5 ask of it, and that its hashes hold."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from rdfia.analyse import crate
from rdfia.analyse.read_study import read_study
from tests.report import sample

SUMMARY = '{"profile": "full"}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of the made-up study, and its crate by the names of the entities."""
    root: Path = tmp_path_factory.mktemp("crate")
    study = read_study(sample.write(root), root)
    (study.folder() / "summary.json").write_text(SUMMARY, encoding="utf-8")
    found = crate.crate(study, {"summary.json": SUMMARY})
    assert found["@context"] == [
        "https://w3id.org/ro/crate/1.1/context",
        "https://w3id.org/ro/terms/workflow-run/context",
    ]
    names = [entity["@id"] for entity in found["@graph"]]
    assert len(names) == len(set(names))
    return study.folder(), {entity["@id"]: entity for entity in found["@graph"]}


def references(value: object) -> Iterator[str]:
    """Yield the name of each entity that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        assert set(value) == {"@id"}, "a crate is flat: a value holds no entity"
        yield value["@id"]


def test_every_reference_is_to_an_entity_of_the_crate(made: tuple[Path, dict[str, Any]]) -> None:
    _, graph = made
    outside = {
        "https://w3id.org/ro/crate/1.1",
        *(f"http://schema.org/{s}ActionStatus" for s in ("Completed", "Failed")),
    }
    for entity in graph.values():
        assert entity["@type"]
        assert {name for key, value in entity.items() if key != "@id" for name in references(value)} <= outside | set(
            graph
        )


def test_the_root_says_what_it_conforms_to(made: tuple[Path, dict[str, Any]]) -> None:
    _, graph = made
    described, root = graph["ro-crate-metadata.json"], graph["./"]
    assert (described["@type"], described["about"]) == ("CreativeWork", {"@id": "./"})
    assert described["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert graph[root["conformsTo"]["@id"]]["@type"] == "CreativeWork"
    assert root["name"]
    assert root["description"]
    assert date.fromisoformat(root["datePublished"]) == date(2026, 1, 1)
    assert graph[root["license"]["@id"]]["name"] == "MIT License"


def test_every_file_is_there_with_its_size_and_hash(made: tuple[Path, dict[str, Any]]) -> None:
    folder, graph = made
    files = {name: entity for name, entity in graph.items() if entity["@type"] == "File"}
    assert [part["@id"] for part in graph["./"]["hasPart"]] == list(files)
    assert {"summary.json", "data/cifar10.json", "runs/cnn/baseline/metrics.json"} < set(files)
    for name, entity in files.items():
        content = (folder / name).read_bytes()
        assert (entity["contentSize"], entity["sha256"]) == (str(len(content)), hashlib.sha256(content).hexdigest())


def test_every_run_is_an_action_of_a_program(made: tuple[Path, dict[str, Any]]) -> None:
    folder, graph = made
    actions = {name: entity for name, entity in graph.items() if entity["@type"] == "CreateAction"}
    ran = {f"#run-{path.parent.parent.name}-{path.parent.name}" for path in folder.glob("runs/*/*/metrics.json")}
    assert set(actions) == ran == {part["@id"] for part in graph["./"]["mentions"]}
    for name, action in actions.items():
        assert action["name"]
        assert action["description"].startswith(f"python -m stages.train {' '.join(name.split('-', 2)[1:])}")
        assert datetime.fromisoformat(action["startTime"]) < datetime.fromisoformat(action["endTime"])
        program = graph[action["instrument"]["@id"]]
        assert (program["@type"], program["name"], program["softwareVersion"]) == (
            "SoftwareApplication",
            "rdfia",
            "0123456789abcdef",
        )
        assert {graph[part["@id"]]["name"] for part in program["softwareRequirements"]} == {"python", "torch"}
        kinds = [[graph[part["@id"]]["@type"] for part in action[key]] for key in ("object", "result")]
        assert kinds == [["File", "PropertyValue"], ["File", "File", "CreativeWork"]]
    failed = [name for name, action in actions.items() if action["actionStatus"]["@id"].endswith("FailedActionStatus")]
    assert failed == ["#run-cnn-unstable"]
