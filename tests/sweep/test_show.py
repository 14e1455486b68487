"""How a sweep goes: one line for each run that ended, the time left, and on a terminal those at work."""

from pathlib import Path

import pytest
from rich.console import Console

from rdfia.config import ConfigError
from rdfia.line import Line
from rdfia.parallel import Message
from rdfia.sweep.show import Show

LABELS = ("mlp/a", "mlp/b", "cnn/c")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(LABELS, tmp_path, (4.0, 1.0, 1.0))


def test_progress_counts_and_guesses_the_time_left(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    assert show.left() == "time left unknown"
    show(Message(0, ended=True, seconds=1.5))
    show(Message(1, ended=True, seconds=2.0, error=ValueError("no\nand more")))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[  1/3] mlp/a  1.5 s  done  about")
    assert second.startswith("[  2/3] mlp/b  2.0 s  failed: ValueError: no (all of it in ")
    assert f"{show.log(1)})" in second
    show(Message(2, "cnn/c seed 0  epoch 1/8"))
    show(Message(-1))
    assert capsys.readouterr().out == ""  # no terminal, no lines that are taken back


def test_an_error_of_the_settings_is_shown_as_it_is(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    show(Message(2, ended=True, seconds=0.1, error=ConfigError("params.yaml: cnn.base: no [red] thing")))
    assert "failed: params.yaml: cnn.base: no [red] thing (" in capsys.readouterr().out


def test_the_time_left_is_that_of_the_operations_that_wait(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: show.started + 60)
    show(Message(0, ended=True, seconds=60.0))
    assert show.left() == "about 30 s left"
    show.log(1)
    show(Message(1, Line("mlp/b seed 0  epoch 4/8", 0.5)))
    assert show.left() == "about 20 s left"
    show(Message(1, "mlp/b seed 0  no checkpoint: no space"))
    assert show.left() == "about 20 s left"
    show(Message(1, ended=True, seconds=1.0))
    assert show.left() == "about 12 s left"
    show(Message(2, ended=True, seconds=1.0))
    assert show.left() == "about 0 s left"


def test_what_was_done_before_takes_no_time(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: show.started + 60)
    show.log(0)
    show(Message(0, Line("mlp/a seed 0  epoch 6/8", 0.75, before=0.5)))  # a quarter of 4 in a minute
    assert show.left() == "about 3 min left"
    show(Message(0, ended=True, seconds=60.0))  # half of 4 in a minute
    assert show.left() == "about 60 s left"


def test_a_log_is_a_file_with_the_name_of_the_run(show: Show, tmp_path: Path) -> None:
    assert [show.log(place) for place in (0, 2)] == [tmp_path / "mlp-a.log", tmp_path / "cnn-c.log"]


def test_a_terminal_shows_the_runs_at_work(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(show.live, "update", lambda text, refresh: shown.append(text.plain))
    show.console = Console(force_terminal=True)
    show.log(0)
    show.log(1)
    show(Message(1, "mlp/b seed 0  epoch 3/8"))
    show(Message(0, ended=True, seconds=1.0))
    assert shown[0].splitlines() == [
        "  mlp/a  starts", "  mlp/b seed 0  epoch 3/8", "  0 of 3 runs, time left unknown"
    ]  # fmt: skip
    assert shown[1].splitlines()[:-1] == ["  mlp/b seed 0  epoch 3/8"]
    assert shown[1].splitlines()[-1].startswith("  1 of 3 runs, about")


def test_a_log_says_what_is_at_work_when_nothing_else_was_said_for_minutes(
    show: Show, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = show.started
    monkeypatch.setattr("time.monotonic", lambda: now)
    show.log(2)
    for seconds, printed in ((290, 0), (20, 2), (290, 0), (20, 2)):
        now += seconds
        show(Message(2, Line("cnn/c seed 0  epoch 1/8", 0.5)))
        assert len(lines := capsys.readouterr().out.splitlines()) == printed
    assert lines == ["  cnn/c seed 0  epoch 1/8", "  0 of 3 runs, about 114 min left"]
    now += 290
    show(Message(0, ended=True, seconds=1.0))
    now += 20
    show(Message(2, "cnn/c seed 0  epoch 2/8"))
    assert "[  1/3] mlp/a" in capsys.readouterr().out  # a run that ends is something said


def test_where_a_run_was_trained_and_what_is_of_no_run_are_lines(
    show: Show, capsys: pytest.CaptureFixture[str]
) -> None:
    show(Message(0, "10.0.0.2", ended=True, seconds=1.5))
    show(Message(-1, "node 10.0.0.3 is refused: [torch]"))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[  1/3] mlp/a  1.5 s  on 10.0.0.2  done  about")
    assert second == "node 10.0.0.3 is refused: [torch]"
