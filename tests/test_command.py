"""How a command ends: by a signal, on a full disk, without a right; one line each, and no child is left."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rdfia import cli
from rdfia.command import FAILURE, INTERRUPTED, REMEDIES, UNUSABLE, one_line, run_stage
from rdfia.config import ConfigError
from rdfia.files import write_text
from tests.processes import ROOT, linux, read_line, runs, session, started, wait_until

TREE = """
import os, time
from rdfia.command import one_line
from rdfia.parallel import map_forked, messages

def waits():
    os.write(1, b"at work\\n")
    time.sleep(600)

def parent(send):
    map_forked([waits, waits], 2)

with one_line():
    for _ in messages([parent, parent], 2):
        pass
"""
STUBBORN = """
import os, signal, time
from rdfia import parallel
from rdfia.command import one_line

def stays(send):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"at work\\n")
    time.sleep(600)

parallel.GRACE = 0.5
with one_line():
    for _ in parallel.messages([stays], 1):
        pass
"""


EARLY = """
import os, signal
from multiprocessing import Pipe
from rdfia import parallel
from rdfia.command import one_line

with one_line(), parallel._held():
    os.kill(os.getpid(), signal.SIGTERM)
    parallel._work(lambda send: print("worked"), Pipe()[1], None, os.getppid())
"""


@linux
def test_a_task_that_is_ended_while_it_is_forked_ends_without_a_word() -> None:
    with started("-c", EARLY) as process:
        assert process.communicate() == ("", "")
        assert process.returncode == 1


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_one_that_began_it(number: signal.Signals) -> None:
    with started("-c", TREE) as process:
        assert [read_line(process) for _ in range(4)] == ["at work\n"] * 4
        tasks = session(process.pid)
        assert len(tasks) == 6  # two, and two of each
        process.send_signal(number)
        wait_until(lambda: process.poll() is not None, "the command to end")
        wait_until(lambda: not any(map(runs, tasks)), "its children to end")
        printed, errors = process.communicate()
    assert printed == ""
    if number != signal.SIGKILL:
        assert (process.returncode, errors) == (INTERRUPTED, "interrupted: nothing is half written\n")


@linux
def test_a_task_that_does_not_end_when_it_is_asked_to_is_killed() -> None:
    with started("-c", STUBBORN) as process:
        assert read_line(process) == "at work\n"
        (task,) = session(process.pid)
        process.terminate()
        assert process.wait(60) == INTERRUPTED
        assert not runs(task)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ConfigError("params.yaml: no"), UNUSABLE, "error: params.yaml: no"),
        (
            OSError(errno.ENOSPC, "", "runs/a"),
            FAILURE,
            "error: runs/a: No space left on device; free some space there, then start again",
        ),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted: nothing is half written"),
        (KeyboardInterrupt("3 runs are kept"), INTERRUPTED, "interrupted: 3 runs are kept"),
    ],
)
def test_what_ends_a_command_is_one_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(error) == code
    assert capsys.readouterr().err == f"{line}\n"


def ended(error: BaseException) -> object:
    """The code with which a command ends by an error."""
    with pytest.raises(SystemExit) as raised, one_line():
        raise error
    return raised.value.code


def test_words_of_a_stage_that_do_not_fit_are_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["prepare.py", "one", "too many"])
    with pytest.raises(SystemExit) as raised:
        run_stage(lambda name: None)
    assert raised.value.code == UNUSABLE


@pytest.mark.parametrize("words", [["params", "nowhere"], ["params", "cnn", "nowhere"], ["sweep", "-j", "0"], ["no"]])
def test_the_command_says_by_its_code_that_its_words_cannot_be_used(words: list[str]) -> None:
    with started("-m", "rdfia", *words) as process:
        printed, errors = process.communicate()
    assert (process.returncode, printed) == (UNUSABLE, "")
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", sorted(REMEDIES))
def test_every_error_of_the_file_system_names_the_path_the_reason_and_a_remedy(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(OSError(number, "", "a/path")) == FAILURE
    assert capsys.readouterr().err.startswith(f"error: a/path: {os.strerror(number)}; {REMEDIES[number]}")


def test_an_error_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(FileNotFoundError), one_line():
        Path("nowhere").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(SystemExit), one_line():
        write_text("a", tmp_path / "closed" / "file")
    assert f"{tmp_path / 'closed'}: Permission denied" in capsys.readouterr().err


def test_signs_that_cannot_be_shown_are_printed_as_numbers() -> None:
    code = "from rdfia.command import one_line; from rdfia.config import ConfigError\n"
    code += "with one_line():\n    print('−')\n    raise ConfigError('é')"
    words = [sys.executable, "-c", code]
    ended = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (UNUSABLE, "\\u2212\n", "error: \\xe9\n")


def test_mending_outside_of_a_project_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended, one_line():
        cli.mend()
    assert ended.value.code == UNUSABLE
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: params.yaml: no such file; run from the project's root\n")


def test_an_interruption_while_libraries_are_imported_has_no_traceback() -> None:
    code = "import sys; sys.argv = ['-m']; import stages, os, signal; os.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["sweep", "-j", "x"],
            "error: argument -j/--jobs: invalid int value: 'x'; `rdfia sweep --help` says what is allowed",
        ),
        (["sweep", "-j", "0"], "error: --jobs: found 0, allowed: 1 or more"),
        (["sweep", "--executor", "slurm"], "error: --executor: found 'slurm', allowed: local, ray"),
        (["params", "svm", "--code"], "error: --code: found no run, allowed: with the name of a run of svm"),
        (["bench", "grow"], "error: part: found 'grow', allowed: throughput, sharing, growth, run, overhead"),
        (["sweep", "--nope"], "error: unrecognized arguments: --nope; `rdfia --help` says what is allowed"),
    ],
)
def test_words_that_cannot_be_used_are_one_line(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rdfia", *words])
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert ended.value.code == UNUSABLE
    assert capsys.readouterr().err.splitlines() == [said]
