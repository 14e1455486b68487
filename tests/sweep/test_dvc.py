"""What a sweep asks of DVC and of its cache, without running it."""

import sys
from pathlib import Path

import pytest

from rdfia.sweep import dvc


def test_results_are_looked_for_in_the_cache_that_the_configuration_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects may share one cache."""
    monkeypatch.chdir(tmp_path)
    entry = tmp_path / "shared/runs/ab/abc/abcd"
    entry.parent.mkdir(parents=True)
    entry.write_text("cmd: python -m stages.train cnn zca\n")
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[cache]\n    dir = ../shared\n")
    asked = list[list[str]]()
    monkeypatch.setattr(dvc, "_run", lambda words, _: asked.append(list(words)) or "")
    stages = [dvc.Stage(f"{name}@quick-zca", name, ("zca",), Path("runs")) for name in ("cnn", "vit")]
    assert dvc.restore(stages) == stages
    assert asked == [[sys.executable, "-m", "rdfia.sweep.cached", "cnn@quick-zca"]]


def test_a_stage_is_current_while_its_outputs_are_as_large_as_dvc_wrote_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("runs/weights").write_bytes(bytes(100))
    Path("runs/__pycache__").mkdir()
    Path("runs/__pycache__/x.pyc").write_bytes(bytes(7))
    Path("dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: runs\n      md5: 0\n      size: 100\n"
    )
    stage = dvc.Stage("a", "a", ("a",), Path("runs"))
    assert dvc.stale([stage]) == []
    Path("runs/weights").write_bytes(bytes(60))
    assert dvc.stale([stage]) == [stage]
    Path("runs/weights").unlink()
    assert dvc.stale([stage]) == [stage]
