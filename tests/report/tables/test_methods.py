"""A line a method: its effect and price are those of the runs."""

import csv
from pathlib import Path
from types import SimpleNamespace

from rdfia.chapters.cnn.questions import METHODS, _times
from rdfia.config import load, section


def test_every_method_is_a_run_that_is_declared() -> None:
    assert set(METHODS) <= set(section(load(), "cnn")["runs"])


def test_the_line_has_the_effect_of_the_runs_table(report: Path) -> None:
    def rows(name: str) -> dict[str, dict[str, str]]:
        with (report / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            return {row["run"]: row for row in csv.DictReader(lines)}

    methods, runs = rows("cnn_methods"), rows("cnn")
    assert methods
    for name, row in methods.items():
        assert (row["method"], row["what it does and why it helps"]) == METHODS[name]
        same = {key: value for key, value in runs[name].items() if key.startswith("effect")}
        assert same
        assert {key: row[key] for key in same} == same


def test_a_time_stands_beside_that_of_a_run_on_cores_of_the_same_machine() -> None:
    def times(own: dict[str, str], other: dict[str, str]) -> float | None:
        runs = (
            SimpleNamespace(timing={"training_seconds": s, "machine": m}, declared=2) for s, m in ((6, own), (4, other))
        )
        return _times(*runs)  # type: ignore[arg-type]

    cores, gpu = {"processor": "one", "device": "cpu"}, {"processor": "one", "device": "cuda"}
    assert times(cores, cores) == 1.5
    assert times(gpu, gpu) is times(cores, cores | {"processor": "two"}) is None
