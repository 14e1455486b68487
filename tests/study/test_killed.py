"""A training process that is killed goes on when the same command is given again, and ends with the same bytes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from rdfia.command import UNUSABLE
from rdfia.record.run import HISTORY, METRICS, WEIGHTS
from tests.processes import Process, kill, linux, started
from tests.project import ROOT, environment, shrink

pytestmark = linux
LONG = {"cnn": ("baseline", "cifar10"), "mlp": ("by_hand", "circles"), "masked": ("masked", "mnist")}
EPOCHS = 150


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code, parameters of runs that take seconds, and the data that they need."""
    root = tmp_path_factory.mktemp("project")
    for name in ("rdfia", "stages"):
        (root / name).symlink_to(ROOT / name)
    params = shrink(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    for chapter, (_, dataset) in LONG.items():
        params["profiles"]["tiny"][chapter]["epochs"] = EPOCHS
        params[chapter]["dataset"] = dataset
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    for dataset in {dataset for _, dataset in LONG.values()}:
        assert ended(root, "prepare", dataset)[0] == 0
    return root


@contextmanager
def command(root: Path, stage: str, *words: str, **variables: str) -> Iterator[Process]:
    """Start a stage."""
    with started("-m", f"stages.{stage}", *words, cwd=root, environment=environment() | variables) as process:
        yield process


def ended(root: Path, stage: str, *words: str, **variables: str) -> tuple[int, str]:
    """Run a stage to its end; its code and what it printed."""
    with command(root, stage, *words, **variables) as process:
        said = "".join(process.communicate())
    return process.returncode, said


def kill_with_a_checkpoint(process: Process, folder: Path) -> None:
    """Wait for the first checkpoint, then kill."""
    while not list(folder.glob("*.safetensors")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    time.sleep(0.2)
    kill(process)
    process.communicate()


def results(root: Path, chapter: str, run: str) -> dict[str, bytes]:
    return {name: (root / "runs/tiny" / chapter / run / name).read_bytes() for name in (WEIGHTS, METRICS, HISTORY)}


@pytest.mark.parametrize("chapter", LONG)
def test_a_killed_run_goes_on(project: Path, chapter: str) -> None:
    run, folder = LONG[chapter][0], project / ".dvc/tmp/rdfia/checkpoints/tiny" / chapter / LONG[chapter][0]
    with command(project, "train", chapter, run, RDFIA_CHECKPOINT_SECONDS="0") as killed:
        kill_with_a_checkpoint(killed, folder)
    assert not (project / "runs/tiny" / chapter / run).exists()
    code, said = ended(project, "train", chapter, run)
    assert code == 0, said
    assert f"{chapter}/{run} seed 0  goes on after epoch " in said
    assert not folder.exists()
    resumed = results(project, chapter, run)
    code, said = ended(project, "train", chapter, run)
    assert code == 0, said
    assert "goes on" not in said
    assert not folder.exists()
    assert results(project, chapter, run) == resumed


def test_checkpoints_lie_in_the_project_of_an_experiment(project: Path, tmp_path: Path) -> None:
    variables = {"RDFIA_CHECKPOINT_SECONDS": "0", "DVC_ROOT": str(tmp_path)}
    with command(project, "train", "mlp", "by_hand", **variables) as killed:
        kill_with_a_checkpoint(killed, tmp_path / ".dvc/tmp/rdfia/checkpoints/tiny/mlp/by_hand")


def test_seconds_that_are_no_number_are_refused_in_one_line(project: Path) -> None:
    code, said = ended(project, "train", "mlp", "by_hand", RDFIA_CHECKPOINT_SECONDS="often")
    assert code == UNUSABLE
    assert "error: params.yaml" not in said
    assert "RDFIA_CHECKPOINT_SECONDS: found 'often', allowed: a number from 0" in said
    assert "Traceback" not in said
