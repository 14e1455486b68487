"""Runs as they are made ready to be trained."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from rdfia import config
from rdfia.study.train_run import events, make_ready, tasks
from rdfia.train import precision
from rdfia.train.run import Data, Event, Program, Run
from tests.train.conftest import blobs

PARAMS = config.load() | {"profile": "jpeg"}

CODE = """
import sys
from rdfia import config
from rdfia.study.train_run import make_ready, tasks

chosen = tasks(config.load(), {sys.argv[1]: [sys.argv[2]]})
assert not {"timm", "sklearn"} & set(sys.modules), "imported before anything asks for it"
make_ready(chosen, {})
print(*sorted({"timm", "sklearn"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("chapter", "run", "imported"), [("vit_timm", "patch_7", "timm"), ("svm", "linear", "sklearn"), ("mlp", "nn", "")]
)
def test_the_libraries_of_runs_are_imported_once_before_processes_part(chapter: str, run: str, imported: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CODE, chapter, run], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == imported


def data(**card: Any) -> dict[str, Data]:
    split = blobs(4, 0)
    return {"cnn": Data({"kind": "images", "classes": ["left", "right"], **card}, {}, split, split)}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, Any]]:
    found: dict[Any, Any] = {}
    monkeypatch.setattr(precision, "known", found)
    monkeypatch.setattr(precision, "trials", trial)
    return found


def trial(run: Any, card: Any) -> dict[str, precision.Trial]:
    """A self-test that fails where the run itself would, and notes what it was asked for."""
    if "shape" not in card:
        raise config.ConfigError("no shape")
    return precision.known.setdefault(run.batch_size, {"bfloat16": precision.Trial(0.0, run.batch_size)})


def test_the_networks_of_runs_are_tried_before_any_of_them_trains(known: dict[Any, Any]) -> None:
    """In another process, which leaves this one as it is: no thread began here, and no device was touched."""
    make_ready(tasks(PARAMS, {"cnn": ["baseline", "b32_lr01", "b512_lr01"]}), data(shape=[1, 8, 8]))
    assert {size: found["bfloat16"].speed for size, found in known.items()} == {128: 128, 32: 32, 512: 512}


def test_what_cannot_be_tried_is_left_to_the_run(known: dict[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    make_ready(tasks(PARAMS, {"cnn": ["baseline", "b32_lr01"]}), data())
    assert not known
    make_ready(tasks(PARAMS, {"cnn": ["baseline"]}), data(shape=[1, 8, 8]))  # is alone
    make_ready(tasks(PARAMS | {"profile": "quick"}, {"cnn": ["baseline", "standardise"]}), data(shape=[1, 8, 8]))
    assert not known
    assert capsys.readouterr().out == "precision: trying the networks of 2 runs\n"


class Product(Run):
    """Its seeds report a product that only a subnormal number can hold."""

    def program(self, data: Data) -> Program:
        return Program(tuple((seed,) for seed in range(self.seeds)), lambda group, state: map(product, group))


def product(seed: int) -> Event:
    return seed, float(torch.full((1,), 1e-30) * 1e-10)  # type: ignore[return-value]


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor has subnormal numbers always")
@pytest.mark.parametrize("jobs", [1, 2])
def test_subnormal_numbers_are_0_as_long_as_seeds_train(jobs: int) -> None:
    assert sorted(events(Product(model=None, seeds=2), data()["cnn"], jobs)) == [(0, 0.0), (1, 0.0)]
    assert product(0) > (0, 0.0)


def test_a_run_is_of_the_commit_that_is_there_when_its_code_is_read() -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    (task,) = tasks(PARAMS, {"cnn": ["baseline"]})
    assert task.commit == head
