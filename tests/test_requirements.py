"""What is installed is what was locked: one version of each package, known by its hashes, and nothing beside it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
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


def test_what_the_code_imports_is_asked_for() -> None:
    asked = {
        plain(Requirement(text).name) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["cluster"]
    }
    known = packages_distributions()
    found = {
        name for folder in ("rdfia", "stages") for path in (ROOT / folder).rglob("*.py") for name in imported(path)
    }
    others = found - sys.stdlib_module_names - {"rdfia", "stages"}
    assert len(others) > 15
    assert {name for name in others if not asked & {plain(one) for one in known[name]}} == set()


def imported(path: Path) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.partition(".")[0] for name in names)


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
