"""Who is at work on DVC: a command that waits says for which, and goes on when it has ended."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rdfia.config import ConfigError
from rdfia.sweep import dvc, holders
from tests.processes import Process, started, wait_until

HOLDS = """
import sys, zc.lockfile
held = zc.lockfile.LockFile(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of DVC with one stage, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    for words in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(words, check=True)
    Path("dvc.yaml").write_text("stages:\n  made:\n    cmd: echo made > made\n    outs: [made]\n")
    return tmp_path


def holds(path: Path) -> "subprocess.Popen[str]":
    """A process that holds DVC's lock until its input ends, as DVC does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_command_waits_for_dvc_and_says_for_whom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process, waits = holds(holders.LOCK), list[str]()

    def let_go(seconds: float) -> None:
        waits.append(holders.waited_for())
        process.communicate()

    monkeypatch.setattr(dvc.time, "sleep", let_go)
    dvc.run("repro", quiet=True)
    assert Path("made").read_text() == "made\n"
    assert len(waits) == 1
    assert waits[0].startswith(f"process {process.pid} (")


def test_two_that_would_hold_one_file_come_one_after_the_other(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from rdfia.sweep.holders import holding\n"
        f"with holding(Path({str(tmp_path / 'sweep')!r})): print('at work', flush=True); input()"
    )

    def line(process: Process) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert line(first) == "at work\n"
        with started("-c", code) as second:
            assert line(second).startswith(f"waiting for process {first.pid} (")
            first.communicate("\n")
            assert line(second) == "at work\n"


def test_nobody_waits_for_one_that_was_killed(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        wait_until(lambda: bool(psutil.Process(process.pid).cmdline()), "the words of the process")
        noted = {"pid": process.pid, "cmd": "dvc repro"}
        holders.NOTED.parent.mkdir(exist_ok=True)
        holders.NOTED.write_text(json.dumps({"write": {str(folder / "made"): noted}, "read": {}}))
        assert list(map(str, holders.at_work())) == [f"process {process.pid} (sleep 60)"]
        os.utime(holders.NOTED, (0, 0))
        assert holders.at_work() == []
        with pytest.raises(ConfigError, match=rf"whose number process {process.pid} \(sleep 60\) has now; remove"):
            dvc.run("repro", quiet=True)
        process.kill()
    dvc.run("repro", quiet=True)
    assert Path("made").exists()
