"""Names become paths and words of commands: each is checked wherever it comes from, before anything is done with it."""

import os
import shutil
from contextlib import redirect_stderr
from functools import partial
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from rdfia import cli
from rdfia.command import UNUSABLE, run_stage
from rdfia.study import pipeline
from tests.project import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parameters and the pipeline without results, and a folder beside them that nobody may touch."""
    root = tmp_path_factory.mktemp("outer") / "a" / "project"
    root.mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("rdfia", "stages"):
        (root / name).symlink_to(ROOT / name)
    (root.parent.parent / "victim").mkdir()
    (root.parent.parent / "victim" / "kept").write_text("kept")
    return root


def fails(folder: Path, *words: str) -> str:
    """The one line with which a command ends; it wrote nothing."""
    before = everything(folder)
    command = cli.main if words[0] == "rdfia" else partial(run_stage, import_module(words[0]).main)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", [f"{words[0].split('.')[-1]}.py", *words[1:]])
        with redirect_stderr(StringIO()) as stream, pytest.raises(SystemExit) as ended:
            command()
    said = stream.getvalue()
    assert ended.value.code == UNUSABLE
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert everything(folder) == before
    return said


def everything(folder: Path) -> list[str]:
    """Every path around the project."""
    outer = folder.parent.parent
    return sorted(os.path.join(where, name) for where, folders, files in os.walk(outer) for name in folders + files)


@pytest.mark.parametrize("name", ["../../evil", "x; touch pwned; true"])
@pytest.mark.parametrize(
    "words",
    [
        ("stages.prepare",),
        ("stages.declare",),
        ("stages.train",),
        ("stages.train", "cnn"),
        ("stages.evaluate",),
        ("rdfia", "params"),
        ("rdfia", "params", "cnn"),
        ("rdfia", "try"),
        ("rdfia", "try", "cnn"),
        ("rdfia", "sweep"),
        ("rdfia", "replay"),
    ],
)
def test_a_name_on_the_command_line_is_one_that_is_declared(folder: Path, words: tuple[str, ...], name: str) -> None:
    more = ["baseline"] if words == ("rdfia", "try") else []
    said = fails(folder, *words, name, *more)
    assert "allowed: " in said
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize(("stage", "said"), [("prepare", "found []"), ("train", "found []"), ("report", "found ['x']")])
def test_too_few_or_too_many_words_are_one_line(folder: Path, stage: str, said: str) -> None:
    words = ["x"] if "x" in said else []
    assert f"error: {stage}: {said}, allowed: " in fails(folder, f"stages.{stage}", *words)


def written(folder: Path, where: str, name: str) -> Path:
    """The project's parameters with a name of a profile, a data set, a chapter or a run, the first of its kind."""
    params: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    node = params
    for step in where.split("/") if where else ():
        node = node[step]
    old = next(iter(node)) if where else "cnn"
    items = [(name if key == old else key, value) for key, value in node.items()]
    node.clear()
    node.update(items)
    if where == "profiles":
        params["profile"] = name
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.mark.parametrize("where", ["profiles", "data", "cnn/runs", ""])
def test_no_command_asks_dvc_for_anything_under_a_name_of_other_signs(folder: Path, where: str) -> None:
    written(folder, where, "../../victim")
    try:
        for command in (
            ("stages.check",),
            ("rdfia", "check"),
            ("rdfia", "pipeline"),
            ("rdfia", "sweep"),
            ("rdfia", "prune"),
        ):
            assert "found a name with other signs, allowed: 1 to 64 of a-z, 0-9 and _" in fails(folder, *command)
        assert (folder.parent.parent / "victim" / "kept").read_text() == "kept"
    finally:
        shutil.copy(ROOT / "params.yaml", folder / "params.yaml")


def test_the_stage_that_checks_comes_before_all_others_and_removes_nothing() -> None:
    """DVC removes the outputs of a stage before it runs, wherever the name of the profile leads."""
    stages = yaml.safe_load(pipeline.PIPELINE.read_text(encoding="utf-8"))["stages"]
    assert all(options["persist"] for out in stages["check"]["outs"] for options in out.values())
    outs = [next(iter(out)) for out in stages["check"]["outs"]]
    assert any(dep.startswith(f"{out}/") for dep in stages["prepare"]["deps"] for out in outs)
