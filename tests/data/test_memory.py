"""The memory that is free, of the machine and of its container."""

from pathlib import Path

import pytest

from rdfia.config import ConfigError
from rdfia.data import memory


def test_a_container_with_less_memory_than_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    machine = memory.available()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory.available() > machine / 2
    (tmp_path / "memory.max").write_text("5000\n")
    assert memory.available() == 4000
    (tmp_path / "memory.current").write_text("6000\n")
    assert memory.available() == 0


def test_what_does_not_fit_is_one_line_with_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 3 * 2**30)
    memory.require(3 * 2**30, "that", "take less")
    with pytest.raises(ConfigError, match=r"that would take about 4\.5 GiB of memory, 3\.0 GiB are free; take less"):
        memory.require(9 * 2**29, "that", "take less")
