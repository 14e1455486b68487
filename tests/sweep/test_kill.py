"""A sweep that is killed or interrupted, on the real pipeline at its smallest: the next one trains what is missing."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdfia.command import INTERRUPTED
from rdfia.sweep.lock import COPY
from tests.processes import linux, read_line, session, started, wait_until
from tests.project import RUNS, Project, environment, new

pytestmark = linux


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project in which two chapters are declared and nothing is trained."""
    made = new(tmp_path_factory.mktemp("project"))
    made("dvc", "repro", "declare_cnn@tiny", "declare_mlp@tiny")
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


def end_after_the_first_run(project: Project, chapter: str, number: signal.Signals) -> tuple[int, str]:
    """Sweep a chapter, one run after the other, and send a signal when the first has ended; the code and the output."""
    words = ("-m", "rdfia", "sweep", "-j", "1", chapter)
    with started(*words, cwd=project.root, environment=environment()) as sweep:
        while not (line := read_line(sweep)).startswith("[  1/"):
            assert line
        tasks = session(sweep.pid)
        sweep.send_signal(number)
        printed, errors = sweep.communicate()
        wait_until(lambda: not set(tasks) & set(session(sweep.pid)), "the runs to end")
    return sweep.returncode, printed + errors


def test_a_command_of_dvc_ends_with_the_sweep_that_is_killed() -> None:
    code = (
        "import sys; from rdfia.sweep import dvc; dvc._printed([sys.executable, '-c', 'import time; time.sleep(600)'])"
    )
    with started("-c", code) as process:
        wait_until(lambda: len(session(process.pid)) == 1, "the command to begin")
        process.kill()
        wait_until(lambda: not session(process.pid), "the command to end")


def trained(project: Project, chapter: str) -> set[str]:
    """The runs of a chapter whose folders are in place."""
    return {path.parent.name for path in project.root.glob(f"runs/tiny/{chapter}/*/metrics.json")}


@pytest.mark.parametrize("chapter", ["cnn", "mlp"])  # a stage for each run, and one for the chapter
def test_after_a_kill_only_what_is_missing_is_trained(project: Project, chapter: str) -> None:
    code, _ = end_after_the_first_run(project, chapter, signal.SIGKILL)
    assert code == -signal.SIGKILL
    kept, every = trained(project, chapter), set(RUNS[chapter])
    assert kept
    assert kept < every
    before = {run: (project.root / f"runs/tiny/{chapter}/{run}/timing.json").read_bytes() for run in kept}
    said = project("python", "-m", "rdfia", "sweep", "-j", "2", chapter)
    assert re.findall(r"^\[ *\d+/(\d+)\]", said, re.MULTILINE) == [str(len(every - kept))] * len(every - kept)
    assert trained(project, chapter) == every
    for run, content in before.items():
        assert (project.root / f"runs/tiny/{chapter}/{run}/timing.json").read_bytes() == content
    assert "no run is stale" in project("python", "-m", "rdfia", "sweep", chapter)


def test_sigterm_keeps_and_commits_what_had_ended(project: Project) -> None:
    names = ("first", "second", "third")
    project.edit(**{name: {"normalise": "mean_image", "epochs": 2, "title": name} for name in names})
    code, said = end_after_the_first_run(project, "cnn", signal.SIGTERM)
    assert code == INTERRUPTED
    assert said.endswith("interrupted: what had ended is kept, `rdfia sweep` trains the rest\n")
    assert "Traceback" not in said
    kept = trained(project, "cnn") & set(names)
    assert f"{len(kept)} of 3 stages are DVC's" in said
    locked = (project.root / "dvc.lock").read_text()
    assert {name for name in names if f"  cnn@tiny-{name}:\n" in locked} == kept
    said = project("python", "-m", "rdfia", "sweep", "-j", "2", "cnn")
    assert f"/{3 - len(kept)}]" in said


def test_a_lock_file_that_is_cut_costs_nothing(project: Project) -> None:
    lock: Path = project.root / "dvc.lock"
    project("python", "-m", "rdfia", "sweep", "cnn", "mlp")
    before = lock.read_bytes()
    assert (project.root / COPY).read_bytes() == before
    for share in (0, 0.3, 0.5, 0.99):
        lock.write_bytes(before[: int(share * len(before))])
        said = project("python", "-m", "rdfia", "sweep", "cnn", "mlp")
        assert "dvc.lock was cut while DVC wrote it: restored from" in said
        assert "no run is stale" in said
        assert lock.read_bytes() == before
    lock.write_bytes(before[:1000])
    assert "dvc.lock: whole, with" in project("python", "-m", "rdfia", "mend")
    assert lock.read_bytes() == before


def test_what_a_kill_left_is_nothing_to_dvc_and_is_pruned(project: Project) -> None:
    project("dvc", "repro", "cnn@tiny-zca", "cnn@tiny-baseline")
    left = [project.root / folder / ".rdfia-4194305-x" for folder in ("runs/tiny/cnn/zca", "rdfia", "declared/tiny")]
    for folder in left:  # a number that no process has
        folder.mkdir()
        (folder / "metrics.json").write_text("{")
    assert project.ran("dvc", "repro", "cnn@tiny-zca") == []
    assert "no run is stale" in project("python", "-m", "rdfia", "sweep", "cnn")
    assert project("git", "status", "--porcelain", "rdfia") == ""
    said = project("python", "-m", "rdfia", "prune")
    assert "removed runs/tiny/cnn/zca/.rdfia-4194305-x" in said
    assert [folder for folder in left if folder.exists()] == [project.root / "rdfia/.rdfia-4194305-x"]
