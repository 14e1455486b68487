"""The study is timed as it lies there, and nothing in it changes."""

from pathlib import Path

import pytest
import yaml

from rdfia import config
from rdfia.bench import growing, overhead
from rdfia.config import ConfigError
from rdfia.files import write_text
from rdfia.record import layout
from rdfia.study.declaration import declarations
from stages import prepare
from tests.report import sample


def test_report_publication_and_sweep_are_timed_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = sample.write(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    for one in declarations(params):
        write_text(one.text(), layout.declared_run("full", one.chapter, one.run))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    costs = overhead.report(params) | overhead.publication(params) | overhead.sweep(params)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert [part.split(",")[0] for part in costs] == ["report"] * 3 + ["publication"] + ["sweep"] * 3
    assert all(cost.runs > 0 and cost.seconds > 0 for cost in costs.values())


def test_a_study_without_a_report_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = sample.write(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^reports/full/index\.html: no such file, .*`make` makes it$"):
        overhead.measure(tmp_path / "bench")
    assert not (tmp_path / "bench").exists()


def test_evaluation_is_timed_on_real_runs_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rdfia").symlink_to(layout.ROOT.resolve() / "rdfia")
    params = growing.parameters(config.load(), count=2)
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    prepare.main(growing.DATASET)
    growing.fill()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    ((name, cost),) = overhead.evaluation(params).items()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert (name, cost.runs) == ("evaluation of cnn", 2)
    assert cost.seconds > 0
    assert cost.processor > 0
    assert cost.a_run == cost.seconds / 2
