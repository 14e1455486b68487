"""The short form of `make torture`: two commands that are killed, and the page that says so."""

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.processes import linux
from tests.torture.page import page
from tests.torture.trial import AIMED, KILL, TERM, WORKS, Bench, Trial

pytestmark = linux


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A project with one data set and what is trained on it, for commands that are no pipeline."""
    made = Bench(tmp_path_factory.mktemp("torture"), Random(0))
    made.finish("prepare@tiny-cifar10")
    yield made


def test_a_killed_preparation_is_made_good_by_the_same_command(bench: Bench) -> None:
    prepare, begun = WORKS[0], time.time()
    tried = [bench.trial(prepare, way) for way in (AIMED, AIMED, TERM)]
    assert [trial.broke for trial in tried] == [[]] * 3
    killed = [trial for trial in tried if trial.disturbed]
    assert killed
    assert all(trial.code for trial in killed)
    text = page(tried, 0, begun, bench)
    assert f"| `stages.prepare cifar10` |  | {sum(t.way == AIMED for t in killed)} of " in text
    assert text.endswith("## What broke\n\nNothing.\n")


def test_a_file_that_differs_is_named(bench: Bench) -> None:
    prepare = WORKS[0]
    plain, found = bench.measure(prepare), Trial("prepare", KILL)
    name = next(name for name in plain.steady if name.endswith("train.safetensors"))
    plain.steady[name] = "0" * 64
    bench.reset(prepare)
    bench.recover(prepare, plain, found)
    assert found.broke == [f"differs: {name}"]
    (Path(bench.root) / name).unlink()
