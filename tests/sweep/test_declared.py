"""What a sweep takes for today's: settings, data and code, whatever was swept before or is edited meanwhile."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdfia.config import load
from rdfia.study.train_run import tasks
from rdfia.sweep.edited import Code
from tests.processes import linux
from tests.project import Project, new

FIT, LINE = Path("rdfia/train/fit.py"), "return totals / len(y)"
MEDDLING = """
from contextlib import contextmanager
from pathlib import Path
from rdfia.sweep.sweep import local, sweep

def replaced(name, old, new):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))

@contextmanager
def begun():
    {before}
    def train(*words):
        yield from local(*words)
        {after}
    yield train

print("code", sweep(2, {names}, begun()))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project in which nothing was done."""
    made = new(tmp_path_factory.mktemp("project"))
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


def swept(project: Project, *names: str, fails: bool = False) -> str:
    return project("python", "-m", "rdfia", "sweep", *names, fails=fails)


def set_to(project: Project, chapter: str, **settings: Any) -> None:
    params = project.params()
    params["profiles"]["tiny"][chapter] |= settings
    project.write_params(params)


def meddled(project: Project, *names: str, before: str = "pass", after: str = "pass", fails: bool = False) -> str:
    """What a sweep says during which somebody does something."""
    code = MEDDLING.format(before=before, after=after, names=list(names))
    return project("python", "-c", code, fails=fails)


@linux
def test_whatever_was_swept_before_a_chapter_is_declared_as_it_is(project: Project) -> None:
    assert "1 of 1 stages are DVC's" in swept(project, "svm_mnist")
    assert "1 of 1 stages are DVC's" in swept(project, "svm")  # of which nothing was declared yet
    for chapter in ("svm", "svm_mnist"):
        set_to(project, chapter, C=[0.3, 3.0])
    for chapter, run in (("svm_mnist", "linear"), ("svm", "rbf")):
        assert "1 of 1 stages are DVC's" in swept(project, chapter)
        record = json.loads((project.root / f"runs/tiny/{chapter}/{run}/metrics.json").read_text())
        assert record["config"]["C"] == [0.3, 3.0]
    assert "no run is stale" in swept(project, "svm", "svm_mnist")


@linux
def test_a_setting_that_is_refused_is_refused_again(project: Project) -> None:
    before = project.params()["profiles"]["tiny"]["svm"]["sample"]
    set_to(project, "svm", sample=100_000)
    first, second = (swept(project, "svm", fails=True) for _ in range(2))
    assert "sample: found 100000" in first
    assert "sample: found 100000" in second
    set_to(project, "svm", sample=before)


@linux
def test_what_is_edited_while_a_sweep_works_is_not_taken_for_trained(project: Project) -> None:
    edit = f"replaced({str(FIT)!r}, {LINE!r}, {LINE + ' + 0'!r})"
    said = meddled(project, "cnn_mnist", "mlp", before=edit)
    assert "failed: cnn_mnist/baseline: its code was edited after the sweep began" in said
    assert "failed: mlp" in said
    assert said.endswith("code 1\n")
    assert "2 of 2 stages are DVC's" in swept(project, "cnn_mnist", "mlp")
    declared = "declared/tiny/runs/cnn_mnist/baseline.json"
    set_to(project, "cnn_mnist", epochs=2)
    said = meddled(project, "cnn_mnist", after=f"""replaced({declared!r}, '"epochs": 2', '"epochs": 3')""")
    assert "failed: cnn_mnist/baseline: what is declared of it changed while it was trained" in said
    assert "0 of 1 stages are DVC's" in said


@linux
def test_a_profile_that_is_changed_while_a_sweep_works_ends_it(project: Project) -> None:
    set_to(project, "cnn_mnist", epochs=4)
    params = project.params()
    said = meddled(project, "cnn_mnist", after="replaced('params.yaml', 'profile: tiny', 'profile: quick')", fails=True)
    assert "params.yaml: profile: found 'quick', while the sweep trained 'tiny'" in said
    assert "evaluate:" not in said
    project.write_params(params)
    said = swept(project, "cnn_mnist")
    assert "1 stages have results of today's declaration already" in said
    assert "evaluated 1 of 1 runs" in said


@linux
def test_figures_that_are_gone_are_drawn_again(project: Project) -> None:
    swept(project, "svm")
    probes = project.root / "reports/tiny/probes/svm.safetensors"
    before = probes.read_bytes()
    probes.unlink()
    assert "evaluated 1 of 1 runs, 0 were known" in project("python", "-m", "stages.evaluate", "svm")
    assert probes.read_bytes() == before
    assert "evaluated 0 of 1 runs, 1 were known" in project("python", "-m", "stages.evaluate", "svm")


def test_edited_code_concerns_the_runs_that_reach_it() -> None:
    code, chosen = Code.now(), tasks(load(), {"cnn": ["baseline"], "svm": ["rbf"]})
    assert code.edited(chosen) == []
    content = code.modules[FIT]
    assert LINE.encode() in content
    for line, concerned in ((LINE, []), (f"{LINE} + 0", ["cnn.runs.baseline"]), (f"{LINE}  # the mean", [])):
        earlier = replace(code, modules={**code.modules, FIT: content.replace(LINE.encode(), line.encode())})
        assert earlier.edited(chosen) == concerned
