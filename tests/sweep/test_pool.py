"""The pool of a sweep: side by side, apart, and past every failure."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rdfia.sweep.pool import Active, Ended, Say, Task, together

from rdfia.sweep import Show


def task(name: str, work: Callable[[Say], None], effort: float = 1.0) -> Task:
    return Task(name, effort, work)


def run(tasks: list[Task], jobs: int, logs: Path) -> dict[str, Ended]:
    return {one.task.name: one for one in together(tasks, jobs, logs)}


def test_every_task_is_done_in_a_process_of_its_own(tmp_path: Path) -> None:
    def work(name: str) -> Callable[[Say], None]:
        return lambda say: (tmp_path / name).write_text(str(os.getpid())) and None

    ended = run([task(name, work(name)) for name in "abcde"], 2, tmp_path / "logs")
    assert sorted(ended) == list("abcde")
    assert not any(one.error for one in ended.values())
    assert len({(tmp_path / name).read_text() for name in "abcde"} | {str(os.getpid())}) == 6


def test_a_failure_stops_no_other_task_and_says_one_line(tmp_path: Path) -> None:
    def fails(say: Say) -> None:
        print("on its way")
        raise ValueError("first line\nsecond line")

    ended = run([task("bad/one", fails), task("good", lambda say: None)], 1, tmp_path)
    assert ended["bad/one"].error == "ValueError: first line"
    assert ended["good"].error == ""
    log = (tmp_path / "bad-one.log").read_text()
    assert "on its way" in log
    assert "Traceback" in log


def test_a_process_that_is_killed_is_a_failure(tmp_path: Path) -> None:
    ended = run([task("killed", lambda say: os.kill(os.getpid(), signal.SIGKILL)), task("good", print)], 2, tmp_path)
    assert ended["killed"].error == "the process was ended by signal 9"
    assert ended["good"].error == ""


def test_the_dearest_are_begun_first_and_no_more_than_the_jobs_at_once(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def watch(active: object) -> None:
        seen.append([one.task.name for one in active])  # type: ignore[attr-defined]

    tasks = [task(name, lambda say: time.sleep(0.7), effort) for name, effort in (("a", 1), ("b", 9), ("c", 5))]
    order = [one.task.name for one in together(tasks, 1, tmp_path, watch)]
    assert order == ["b", "c", "a"]
    assert max(map(len, seen)) == 1


def test_what_a_task_says_is_heard_while_it_works(tmp_path: Path) -> None:
    heard: set[str] = set()

    def work(say: Say) -> None:
        say("half way")
        time.sleep(1.2)

    def watch(active: object) -> None:
        heard.update(one.said for one in active)  # type: ignore[attr-defined]

    assert [one.error for one in together([task("a", work)], 1, tmp_path, watch)] == [""]
    assert "half way" in heard


def test_tasks_side_by_side_take_less_time_than_one_after_the_other(tmp_path: Path) -> None:
    def took(jobs: int) -> float:
        start = time.monotonic()
        run([task(str(place), lambda say: time.sleep(0.6)) for place in range(4)], jobs, tmp_path)
        return time.monotonic() - start

    assert took(4) < 0.7 * took(1)


def test_progress_counts_and_guesses_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    show = Show(3, 2)
    assert show.left() == "time left unknown"
    show.end(Ended(task("mlp/a", print), 1.5))
    show.end(Ended(task("mlp/b", print), 2.0, "ValueError: no"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[  1/3] mlp/a  1.5 s  done  about")
    assert "failed: ValueError: no (all of it in .dvc/tmp/sweep/mlp-b.log)" in lines[1]
    show.watch([Active(task("c", print), None, None)])  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""  # no terminal, no lines that are taken back
