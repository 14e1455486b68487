"""dvc.lock, cut by a kill at any byte: nothing of the copy is lost, and DVC can read what is restored."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA

from rdfia.config import ConfigError
from rdfia.sweep import lock

EMPTY = "schema: '2.0'\nstages: {}\n"
NAMES = ("check@quick", "declare_cnn@quick", "cnn@quick-zca", "evaluate@quick-cnn", "report@quick")
DECLARED = {name.split("@")[0]: {} for name in NAMES}


def entry(name: str, version: int) -> str:
    parts = "".join(
        f"    {kind}:\n    - path: {kind}/{name}\n      hash: md5\n      md5: {'_ab'[version] * 32}\n      size: 12\n"
        for kind in ("deps", "outs")
    )
    return f"  {name}:\n    cmd: python -m stages.train\n{parts}"


def text(*names: str, version: int = 1) -> str:
    return lock.HEAD + "".join(entry(name, version) for name in names)


COPY = text(*NAMES)
NEWER = text(*NAMES, "theory@quick", version=2)  # what DVC was writing when it was killed


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pipeline and a lock file of which a copy is kept."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": DECLARED}))
    (tmp_path / "dvc.lock").write_text(COPY)
    lock.mend()
    return tmp_path


def read(content: str) -> dict[str, Any]:
    """The stages as DVC reads them, which refuses a file that is not of its schema."""
    stages: dict[str, Any] = COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(content))["stages"]
    return stages


def test_a_file_that_is_cut_at_any_byte_loses_no_stage() -> None:
    for end in range(len(NEWER) + 1):
        whole = read(lock.mended(NEWER[:end], COPY, DECLARED))
        assert set(whole) >= set(NAMES), end
        versions = [1 if "a" * 32 in str(stage) else 2 for stage in whole.values()]
        assert versions == sorted(versions, reverse=True), end  # what was written before the cut is newer
        finished = [name for name in NAMES if entry(name, 2) in NEWER[:end]]
        assert versions.count(2) >= len(finished) - 1, end


@pytest.mark.parametrize(
    "content", [COPY, NEWER, EMPTY, text("vit@paper-a", *NAMES[1:]), text(*NAMES[1:]), text(*NAMES[:2], "new@quick")]
)
def test_a_file_that_is_whole_stays_as_it_is(content: str) -> None:
    assert lock.mended(content, COPY, DECLARED) == content


def test_stages_that_the_pipeline_no_longer_has_are_not_missed() -> None:
    shorter = text(*NAMES[:3])
    assert lock.mended(shorter, COPY, {name: {} for name in ("check", "declare_cnn", "cnn")}) == shorter
    assert set(read(lock.mended(shorter, COPY, DECLARED))) == set(NAMES)


@pytest.mark.parametrize("content", ["", "\0" * 4000, "{", "schema: '2.0'\nstages: [1]\n"])
def test_what_is_no_lock_file_is_replaced_by_the_copy(project: Path, content: str) -> None:
    (project / "dvc.lock").write_text(content)
    assert set(lock.locked()) != set(NAMES)
    lock.mend()
    assert (project / "dvc.lock").read_text() == COPY


def test_it_is_restored_in_one_line_and_the_copy_follows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "dvc.lock").write_text(COPY[:400])
    lock.mend()
    assert (project / "dvc.lock").read_text() == COPY
    assert capsys.readouterr().out == "dvc.lock was cut while DVC wrote it: restored from .dvc/tmp/rdfia/dvc.lock\n"
    (project / "dvc.lock").write_text(NEWER)
    lock.mend()
    assert (project / lock.COPY).read_text() == NEWER
    assert capsys.readouterr().out == ""


def test_the_file_of_git_is_not_taken_for_a_cut_one(project: Path) -> None:
    shorter = text(*NAMES[:3])
    (project / "dvc.lock").write_text(shorter)
    for words in ("init -q", "add dvc.lock", "-c user.name=a -c user.email=a@example.org commit -qm a"):
        assert os.system(f"git {words}") == 0
    lock.mend()
    assert (project / "dvc.lock").read_text() == shorter


def test_a_conflict_of_git_is_the_users(project: Path) -> None:
    conflict = COPY.replace("  cnn@", "<<<<<<< HEAD\n  cnn@")
    (project / "dvc.lock").write_text(conflict)
    lock.mend()
    assert (project / "dvc.lock").read_text() == conflict
    assert (project / lock.COPY).read_text() == COPY


def test_without_a_copy_the_remedy_is_named(project: Path) -> None:
    (project / lock.COPY).unlink()
    (project / "dvc.lock").write_text(COPY[:400])
    with pytest.raises(ConfigError, match="cut, and there is no copy of it; `git checkout dvc"):
        lock.mend()
    assert (project / "dvc.lock").read_text() == COPY[:400]
    assert not (project / lock.COPY).exists()


@pytest.mark.parametrize(("content", "stays"), [('{"read": {}', False), ("", False), ('{"read": {}}', True)])
def test_a_note_of_dvc_that_a_full_disk_cut_is_removed(project: Path, content: str, stays: bool) -> None:
    (project / lock.NOTED).write_text(content)
    lock.mend()
    assert (project / lock.NOTED).exists() == stays
    assert not stays or json.loads((project / lock.NOTED).read_text()) == {"read": {}}
