"""A training process that is killed goes on when the same command is given again, and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from rdfia.command import UNUSABLE
from rdfia.record.run import HISTORY, METRICS, WEIGHTS
from tests.project import ROOT, environment, shrink

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
        assert command(root, "prepare", dataset).wait() == 0
    return root


def command(root: Path, stage: str, *words: str, **variables: str) -> "subprocess.Popen[str]":
    """Start a stage as the leader of a group of processes."""
    return subprocess.Popen(
        [sys.executable, "-m", f"stages.{stage}", *words],
        cwd=root,
        env=environment() | {"PYTHONPATH": str(root)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def results(root: Path, chapter: str, run: str) -> dict[str, bytes]:
    return {name: (root / "runs/tiny" / chapter / run / name).read_bytes() for name in (WEIGHTS, METRICS, HISTORY)}


@pytest.mark.parametrize("chapter", LONG)
def test_a_killed_run_goes_on(project: Path, chapter: str) -> None:
    run, folder = LONG[chapter][0], project / ".dvc/tmp/rdfia/checkpoints/tiny" / chapter / LONG[chapter][0]
    killed = command(project, "train", chapter, run, RDFIA_CHECKPOINT_SECONDS="0")
    while not list(folder.glob("*.safetensors")):
        assert killed.poll() is None, killed.communicate()[0]
        time.sleep(0.01)
    time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (project / "runs/tiny" / chapter / run).exists()
    again = command(project, "train", chapter, run)
    said = again.communicate()[0]
    assert again.returncode == 0, said
    assert f"{chapter}/{run} seed 0  goes on after epoch " in said
    assert not folder.exists()
    resumed = results(project, chapter, run)
    whole = command(project, "train", chapter, run)
    said = whole.communicate()[0]
    assert whole.returncode == 0, said
    assert "goes on" not in said
    assert not folder.exists()
    assert results(project, chapter, run) == resumed


def test_checkpoints_lie_in_the_project_of_an_experiment(project: Path, tmp_path: Path) -> None:
    variables = {"RDFIA_CHECKPOINT_SECONDS": "0", "DVC_ROOT": str(tmp_path)}
    killed = command(project, "train", "mlp", "by_hand", **variables)
    while not list(tmp_path.glob(".dvc/tmp/rdfia/checkpoints/tiny/mlp/by_hand/*.safetensors")):
        assert killed.poll() is None, killed.communicate()[0]
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()


def test_seconds_that_are_no_number_are_refused_in_one_line(project: Path) -> None:
    refused = command(project, "train", "mlp", "by_hand", RDFIA_CHECKPOINT_SECONDS="often")
    said = refused.communicate()[0]
    assert refused.returncode == UNUSABLE
    assert "error: params.yaml" not in said
    assert "RDFIA_CHECKPOINT_SECONDS: found 'often', allowed: a number from 0" in said
    assert "Traceback" not in said
