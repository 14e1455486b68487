"""Files are put in place whole or not at all; what a kill or a full disk leaves counts for nothing."""

import errno
import os
import resource
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from rdfia import files
from rdfia.config import ConfigError
from rdfia.data.store import save_tensors
from rdfia.files import json_of, left_behind, scratch, whole_folder, write_atomically, write_text
from rdfia.parallel import map_forked
from tests.processes import ROOT, started

TOO_LARGE = """
import sys
from pathlib import Path
import torch
from rdfia.command import one_line
from rdfia.data.store import save_tensors
from rdfia.files import whole_folder, write_json
with one_line():
    with whole_folder(Path(sys.argv[1])) as fresh:
        {write}
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from rdfia.files import whole_folder
with whole_folder(Path(sys.argv[1])) as fresh:
    (fresh / "new").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def full(path: Path) -> None:
    """Write to a disk that is full."""
    with Path("/dev/full").open("w") as device:
        device.write("x")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with the results of an earlier time."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "old").write_text("whole")
    return folder


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_names_the_file_that_stays_as_it_was(tmp_path: Path) -> None:
    write_text("whole", tmp_path / "file")
    with pytest.raises(OSError, match="No space") as raised:
        write_atomically(tmp_path / "file", full)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "file"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "whole"


@pytest.mark.parametrize(
    "write",
    [
        '(fresh / "a.csv").write_text("1," * 9999)',
        'write_json(["x" * 9999], fresh / "a.json")',
        'save_tensors({"a": torch.zeros(9999)}, fresh / "a.safetensors")',
    ],
)
def test_no_room_for_a_file_of_a_folder_names_the_folder_that_stays_as_it_was(old: Path, write: str) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    ended = subprocess.run(
        [sys.executable, "-B", "-c", TOO_LARGE.format(write=write), str(old)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, preexec_fn=limit, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.stderr.startswith(f"error: {old}: File too large; ")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert [path.name for path in old.parent.iterdir()] == ["run"]
    assert (old / "old").read_text() == "whole"


def test_an_error_that_names_a_file_of_its_own_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, scratch(tmp_path / "run"):
        (tmp_path / "source").read_text()
    assert raised.value.filename == str(tmp_path / "source")


def test_a_folder_takes_the_place_of_the_old_one(old: Path) -> None:
    with whole_folder(old) as fresh:
        (fresh / "new").write_text("whole")
        assert (old / "old").exists()
    assert [path.name for path in old.iterdir()] == ["new"]
    assert [path.name for path in old.parent.iterdir()] == ["run"]


def test_whoever_may_read_the_folder_may_read_what_safetensors_writes(old: Path) -> None:
    old.parent.chmod(0o750)
    save_tensors({"x": torch.zeros(1)}, old.parent / "split.safetensors")
    assert (old.parent / "split.safetensors").stat().st_mode & 0o777 == 0o640
    with whole_folder(old) as fresh:
        fresh.chmod(0o775)
        save_file({}, fresh / "weights.safetensors")
        (fresh / "deeper").mkdir()
    assert [path.stat().st_mode & 0o777 for path in sorted(old.iterdir())] == [0o755, 0o664]


def test_what_a_kill_leaves_is_apart_and_removed_when_nobody_writes_it(old: Path) -> None:
    with started("-c", KILLED, str(old)) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in old.iterdir()] == ["old"]
    (left,) = [path for path in old.parent.iterdir() if path != old]
    assert left.name.startswith(files.SCRATCH)
    with scratch(old / "file"):  # of a process that runs
        assert left_behind(old.parent) == [left]


def test_of_processes_that_write_one_folder_at_once_each_ends_and_one_folder_stays(old: Path) -> None:
    def often(number: int) -> None:
        for _ in range(100):
            with whole_folder(old) as fresh:
                for name in ("a", "b"):
                    (fresh / name).write_text(str(number))

    map_forked([partial(often, number) for number in range(4)], 4)
    assert (old / "a").read_text() == (old / "b").read_text()
    assert [path.name for path in old.parent.iterdir()] == ["run"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1', "Expecting ',' delimiter, line 1"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ("[" * 100_000, "recursion"),
        ("9" * 5000, "digits"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_what_is_no_json_is_one_line_with_the_file_and_what_to_do(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        json_of(path)
    line = str(raised.value)
    assert line.startswith(f"{path}: found no JSON (")
    assert why in line
    assert line.endswith(f"), allowed: one object; {files.ANEW}")
    assert "\n" not in line
