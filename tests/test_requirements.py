"""What is installed is what was locked: one version of each package, known by its hashes, and nothing beside it."""

import re
import shutil
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.project import ROOT

LOCKED = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("entry", LOCKED, ids=lambda entry: str(entry.split()[0]))
def test_every_locked_package_has_one_version_and_hashes(entry: str) -> None:
    requirement = Requirement(entry.partition(" \\\n")[0])
    assert [specifier.operator for specifier in requirement.specifier] == ["=="]
    assert requirement.url is None
    assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)


def test_what_the_project_asks_for_is_locked() -> None:
    asked = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
    names = {plain(Requirement(text).name) for text in asked} - {PROJECT["name"]}  # an extra may name another
    assert names <= {plain(re.split("[=[ ]", e)[0]) for e in LOCKED}


def test_the_environment_is_made_of_hashes_alone() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    installed = [line for line in text.splitlines() if "pip install" in line]
    assert len(installed) == 3
    assert all(
        "--require-hashes" in line or "--no-deps --no-build-isolation --editable ." in line for line in installed
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_environment_is_made_in_a_folder_with_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    stub = folder / "python"  # and uv, which says where it would install
    stub.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/uv"; fi\n'
        'case "$0" in *uv) echo "$VIRTUAL_ENV" ;; esac\n'
    )
    stub.chmod(0o755)
    command = ["make", "--silent", "setup", "PYTHON=./python", "VENV=.venv"]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert said.splitlines()[-2:] == [str(folder / ".venv")] * 2


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()
