"""In what a record differs from what is declared: settings, code, data, and the weights that a run begins from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdfia.record.declaration import Declaration, plain, start
from rdfia.record.run import RunRecord

BEGINNING = {"name": "run", "chapter": "pretrain", "run": "supervised"}
SETTINGS: dict[str, Any] = {"epochs": 2, "augment": ("crop", "flip"), "model": {"name": "timm", "start": BEGINNING}}
METRICS = {
    "config": {
        **SETTINGS,
        "augment": ["crop", "flip"],
        "model": {"name": "timm", "start": {**BEGINNING, "sha256": "w"}},
    },
    "code_sha256": "c",
    "data": {"sha256": "d", "label": "any"},
}
DECLARED = Declaration(
    "vit_timm",
    "finetuned",
    "vit_timm",
    settings=SETTINGS,
    code_sha256="c",
    dataset="mnist",
    data_sha256="d",
    begins="pretrain/supervised",
    begins_sha256="w",
)
RECORD = RunRecord(Path(), METRICS)


def test_a_record_of_the_declaration_has_nothing_changed() -> None:
    assert DECLARED.changed(RECORD) == ()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"settings": {**SETTINGS, "epochs": 3}}, ("settings",)),
        ({"settings": {**SETTINGS, "epochs": True}}, ("settings",)),
        ({"settings": {**SETTINGS, "model": {"name": "timm", "start": {**BEGINNING, "run": "other"}}}}, ("settings",)),
        ({"code_sha256": "other"}, ("code",)),
        ({"data_sha256": "other"}, ("data",)),
        ({"begins_sha256": "other"}, ("data",)),
        ({"code_sha256": "other", "data_sha256": "other"}, ("code", "data")),
    ],
)
def test_each_part_alone_is_seen(change: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert replace(DECLARED, **change).changed(RECORD) == parts


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, ()),
        ({"sha256": "w"}, ()),
        ({"sha256": "other"}, ("settings",)),
        ({"path": "other.safetensors"}, ("settings",)),
    ],
)
def test_a_file_to_begin_from_is_known_by_its_path_and_by_the_hash_that_is_said(
    change: dict[str, Any], parts: tuple[str, ...]
) -> None:
    def beginning(start: dict[str, Any]) -> dict[str, Any]:
        return {**METRICS["config"], "model": {"name": "timm", "start": start}}

    file = {"name": "file", "path": "vit.safetensors", "sha256": None}
    record = replace(RECORD, metrics={**METRICS, "config": beginning({**file, "sha256": "w"})})
    declared = replace(DECLARED, settings=beginning({**file, **change}), begins="", begins_sha256="")
    assert declared.changed(record) == parts


def test_the_weights_to_begin_from_are_those_of_a_record() -> None:
    begins = RunRecord(Path(), {"weights_sha256": "w"})
    assert replace(DECLARED, data_sha256="", begins_sha256="").with_hashes("d", begins) == DECLARED
    assert [DECLARED.with_hashes("d", none).begins_sha256 for none in (None, RunRecord(Path()))] == ["", ""]


def test_weights_that_are_not_there_yet_are_not_compared() -> None:
    assert replace(DECLARED, begins_sha256="").changed(RECORD) == ()


def test_what_is_written_aside_does_not_count() -> None:
    other = replace(RECORD, metrics={**METRICS, "data": {"sha256": "d", "label": "other"}, "kind": "k", "flops": 1})
    assert DECLARED.changed(other) == ()


def test_a_declaration_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "finetuned.json"
    path.write_text(DECLARED.text(), encoding="utf-8")
    found = Declaration.read(path)
    assert replace(found, settings=None) == replace(DECLARED, settings=None)
    assert found.changed(RECORD) == ()
    assert found.text() == DECLARED.text()


def test_settings_lose_the_hash_of_their_weights_alone() -> None:
    config = METRICS["config"]
    assert plain(config) == {**SETTINGS, "augment": ["crop", "flip"]}
    assert start(config)["sha256"] == "w"  # a copy was changed
    assert [start(settings) for settings in ({}, {"model": None}, {"model": {"start": None}})] == [{}, {}, {}]
