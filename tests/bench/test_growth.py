"""What grows is measured by real commands at the smallest sizes, and a law that is known is found again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdfia import config
from rdfia.bench import growth, measure
from rdfia.bench.growth import makespan
from rdfia.bench.power import Power, fit
from rdfia.config import ConfigError
from tests.processes import slow

SIZES = (1, 10, 30, 100, 300, 1000)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("fixed", [0.0, 3.0])
def test_a_known_exponent_is_found_beside_a_fixed_cost(fixed: float, exponent: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, len(SIZES))
    costs = [(fixed + 0.2 * n**exponent) * np.exp(e) for n, e in zip(SIZES, noise, strict=True)]
    found = fit(SIZES, costs)
    assert found.exponent == pytest.approx(exponent, abs=0.05)
    assert found.error is not None
    assert 0 < found.error < 0.05
    assert found.at(10_000) == pytest.approx(fixed + 0.2 * 10_000**exponent, rel=0.3)
    assert found.at(found.reaches(50.0)) == pytest.approx(50.0)


def test_what_does_not_grow_has_no_exponent_and_never_reaches_more() -> None:
    found = fit(SIZES, [5.0, 5.1, 4.9, 5.0, 5.2, 5.1])
    assert (found.factor, found.exponent, found.error) == (0.0, 0.0, None)
    assert found.fixed == pytest.approx(5.05, abs=0.05)
    assert found.reaches(6.0) == float("inf")
    assert fit(SIZES, [5.0, 6.0, 5.0, 6.1, 5.0, 5.9]).exponent == 0  # which varies more than it grows
    assert Power(0.0, 1.0, 0.001, None).reaches(1e9) == float("inf")


def test_two_sizes_give_a_line_without_an_error() -> None:
    assert fit([2, 4], [3.0, 12.0]) == Power(0.0, pytest.approx(0.75), pytest.approx(2.0), None)


def test_runs_begin_in_their_order_on_the_worker_that_is_free_first() -> None:
    assert makespan([3, 2, 2], 1) == 7
    assert makespan([3, 2, 2], 2) == 4
    assert makespan([2, 2, 3], 2) == 5
    assert makespan([3, 2, 2], 9) == 3


def test_more_workers_are_never_slower_and_end_at_the_dearest_runs() -> None:
    found = growth.on_workers({**config.load(), "profile": growth.RECORDED})
    assert found["speed"][0] == pytest.approx(1)
    assert found["speed"] == sorted(found["speed"])
    assert found["speed"][-1] == pytest.approx(found["most"])


def measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: Mapping[str, Sequence[int]]
) -> dict[str, dict[str, Any]]:
    """The quantities of each axis, from the file; the page has each that is not by the clock alone."""
    monkeypatch.setattr(growth, "PAGE", tmp_path / "growth.md")
    growth.measure(tmp_path, config.load(), sizes)
    content = json.loads((tmp_path / "growth.json").read_text())
    page = (tmp_path / "growth.md").read_text()
    found = {axis: one["quantities"] for axis, one in content["axes"].items()}
    assert {axis: one["sizes"] for axis, one in content["axes"].items()} == {k: list(v) for k, v in sizes.items()}
    for axis, quantities in found.items():
        for name, quantity in quantities.items():
            assert len(quantity["values"]) == len(sizes[axis])
            assert all(value > 0 for value in quantity["values"])
            assert name.rpartition(": ")[2] == "seconds" or f"| {name.partition(':')[0]}" in page
    return found


def test_the_file_and_the_page_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(tmp_path, monkeypatch, {"stages": (2, 4), "seeds": (1, 2)})
    weights = found["seeds"]["its weights: bytes"]["values"]
    assert weights[1] == pytest.approx(2 * weights[0], rel=0.05)
    assert not (tmp_path / "stages").exists()


@slow
def test_every_axis_at_its_smallest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"runs": (2, 4), "images": (100, 200), "epochs": (1, 2), "workers": (1, 2)}
    found = measured(tmp_path, monkeypatch, sizes)
    lines = found["runs"]["dvc.lock: lines"]["values"]
    assert lines[1] - lines[0] == 2 * 13  # decision 0014
    data = found["images"]["data: bytes"]["values"]
    assert data[0] < data[1]


def test_a_part_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^part: found 'grow', allowed: throughput, sharing, growth, run, overhead$"):
        measure(["run", "grow"])
