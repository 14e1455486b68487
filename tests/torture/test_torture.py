"""The short form of `make torture`: a command that is killed, and the page that says so."""

import time
from pathlib import Path
from random import Random

from tests.processes import linux
from tests.torture.page import page
from tests.torture.trial import Bench, Trial
from tests.torture.works import AIMED, KILL, Work

pytestmark = linux
PREPARE = Work("prepare", ("stages.prepare", "circles"), ("data/tiny/circles", "reports/tiny/data/circles.json"))


def test_a_killed_command_is_made_good_by_the_same_command_and_a_file_that_differs_is_named(tmp_path: Path) -> None:
    bench, begun = Bench(tmp_path, Random(0)), time.time()
    bench.finish()
    trial = bench.trial(PREPARE, AIMED)
    assert (trial.disturbed, trial.code, trial.broke) == (True, -9, [])
    text = page([trial], 0, begun, bench)
    assert "| `stages.prepare cifar10` |  | 1 of 1 |  |  |  |  |" in text  # one row for all that is prepared
    assert text.endswith("## What broke\n\nNothing.\n")
    plain, other = bench.measure(PREPARE), Trial("prepare", KILL)
    name = next(name for name in plain.steady if name.endswith("train.safetensors"))
    plain.steady[name] = "0" * 64
    bench.recover(PREPARE, plain, other)
    assert other.broke == [f"differs: {name}"]
