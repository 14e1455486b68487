"""Runs as they are made ready to be trained."""

import subprocess
import sys

import pytest

CODE = """
import sys
from rdfia import config
from rdfia.study.train_run import import_libraries, tasks

chosen = tasks(config.load(), {sys.argv[1]: [sys.argv[2]]})
assert not {"timm", "sklearn"} & set(sys.modules), "imported before anything asks for it"
import_libraries(chosen)
print(*sorted({"timm", "sklearn"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("chapter", "run", "imported"), [("vit_timm", "patch_7", "timm"), ("svm", "linear", "sklearn"), ("mlp", "nn", "")]
)
def test_the_libraries_of_runs_are_imported_once_before_processes_part(chapter: str, run: str, imported: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CODE, chapter, run], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == imported
