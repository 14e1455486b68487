"""Work side by side: each task in a process of its own, apart from the others, past every failure."""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import active_children
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from rdfia import parallel
from rdfia.config import ConfigError
from rdfia.parallel import Message, Send, map_forked, map_pooled, messages, stream_forked

Task = Callable[[Send], None]


class UnpicklableError(Exception):
    """An error that holds what no process can send."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = Lock()


class TwoWordsError(Exception):
    """An error that can be sent and not be made again: it is made of two words and keeps one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def nothing(send: Send) -> None:
    """A task with nothing to do."""


def fails(send: Send) -> None:
    print("on its way")
    raise ValueError("first line\nsecond line")


def sends(*contents: Any) -> Task:
    def task(send: Send) -> None:
        for content in contents:
            send(content)

    return task


def ends(tasks: Sequence[Task], jobs: int, **settings: Any) -> dict[int, Message]:
    """How each task ended, by its place, in the order in which they ended."""
    return {message.place: message for message in messages(tasks, jobs, **settings) if message.ended}


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_every_task_has_a_process_of_its_own(jobs: int) -> None:
    received = list(messages([lambda send: send(os.getpid())] * 5, jobs))
    processes = [message.content for message in received if message.content is not None]
    assert len({*processes, os.getpid()}) == 6
    ended = [message for message in received if message.ended]
    assert sorted(message.place for message in ended) == [0, 1, 2, 3, 4]
    assert all(message.error is None and message.seconds > 0 for message in ended)


def test_a_failure_stops_no_other_task_and_keeps_its_exception() -> None:
    ended = ends([fails, nothing, fails], 2)
    assert sorted(ended) == [0, 1, 2]
    assert ended[1].error is None
    for place in (0, 2):
        assert isinstance(ended[place].error, ValueError)
        assert str(ended[place].error) == "first line\nsecond line"


def test_a_killed_process_is_an_error_and_stops_no_other() -> None:
    ended = ends([lambda send: os.kill(os.getpid(), signal.SIGKILL), nothing], 2)
    assert str(ended[0].error) == "the process was ended by signal 9"
    assert ended[1].error is None


def test_a_process_that_is_killed_while_it_sends_is_an_error_too() -> None:
    def dies(send: Send) -> None:
        def part(self: Connection, message: bytes) -> None:
            os.write(self.fileno(), bytes(message)[:6])
            os.kill(os.getpid(), signal.SIGKILL)

        Connection._send = part  # type: ignore[attr-defined]  # in this process alone
        send("a long message")

    ended = ends([dies, nothing], 2)
    assert str(ended[0].error) == "the process was ended by signal 9"
    assert ended[1].error is None


class Unreadable:
    """What can be sent, and not be made again where it arrives."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        return _raise, (self.error,)


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [OSError("no such handle"), EOFError("no more"), ValueError("no such number")])
@pytest.mark.parametrize("after", [nothing, lambda send: Event().wait()])
def test_what_cannot_be_read_is_an_error_of_its_task_alone(error: Exception, after: Task) -> None:
    """The error of a message that is lost may not pass for the pipe's end, nor end the others."""

    def task(send: Send) -> None:
        send(Unreadable(error))
        after(send)

    ended = ends([task, nothing], 2)
    assert str(ended[0].error) == f"what it sent cannot be read ({type(error).__name__}: {error})"
    assert ended[1].error is None
    with pytest.raises(RuntimeError, match="cannot be read"):
        map_forked([lambda: Unreadable(error), lambda: None], 2)


def test_a_process_that_exits_early_is_an_error() -> None:
    ended = ends([lambda send: os._exit(3), lambda send: os._exit(0)], 1)
    assert str(ended[0].error) == "the process ended with 3"
    assert ended[1].error is None


@pytest.mark.parametrize(
    ("error", "text"),
    [(UnpicklableError("a lock"), "UnpicklableError: a lock"), (TwoWordsError("one", "two"), "TwoWordsError: one two")],
)
def test_an_error_that_cannot_be_sent_arrives_as_its_words(error: Exception, text: str) -> None:
    def task(send: Send) -> None:
        raise error

    ended = ends([task], 1)
    assert type(ended[0].error) is RuntimeError
    assert str(ended[0].error) == text


def test_tasks_are_begun_in_their_order_one_after_the_other() -> None:
    received = [m for m in messages([sends("a", "b"), fails, sends("c")], 1) if m.place >= 0]
    assert [(m.place, m.content, m.ended) for m in received] == [
        (0, "a", False), (0, "b", False), (0, None, True), (1, None, True), (2, "c", False), (2, None, True)
    ]  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_no_more_than_the_jobs_work_at_once_and_no_fewer(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task counts from the fork of its process to the message of its end."""
    begun: list[int] = []
    begin = parallel._begin

    def counted(place: int, *rest: Any) -> parallel.Active:
        begun.append(place)
        return begin(place, *rest)

    monkeypatch.setattr(parallel, "_begin", counted)
    ended, most = 0, 0
    for message in messages([sends(place) for place in range(5)], jobs):
        ended += message.ended
        most = max(most, len(begun) - ended + message.ended)  # one that ends now was at work until now
    assert (most, begun, ended) == (jobs, [0, 1, 2, 3, 4], 5)


def test_what_is_sent_arrives_while_the_task_works(tmp_path: Path) -> None:
    """The task waits for an answer that is given after its message has come: where it comes too late, it never ends."""
    answer = tmp_path / "answer"
    os.mkfifo(answer)

    def asks(send: Send) -> None:
        send("half way")
        send(answer.read_text())  # blocks until somebody writes

    contents = []
    for message in messages([asks], 1):
        if message.content is not None:
            contents.append(message.content)
        if message.content == "half way":
            answer.write_text("go on")
    assert contents == ["half way", "go on"]


def test_silence_is_a_message_from_no_task(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parallel, "PATIENCE", 0.01)
    answer = tmp_path / "answer"
    os.mkfifo(answer)
    received = messages([lambda send: send(answer.read_text())], 1)
    assert next(received) == next(received) == Message(-1)
    answer.write_text("go on")
    assert [m.content for m in received if m.place == 0] == ["go on", None]


def test_who_stops_listening_ends_the_tasks() -> None:
    def waits(send: Send) -> None:
        send(os.getpid())
        signal.pause()

    received = messages([waits, waits], 2)
    processes: set[int] = set()
    while len(processes) < 2:
        message = next(received)
        processes |= {message.content} if message.content else set()
    received.close()  # type: ignore[attr-defined]
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_what_a_task_prints_goes_to_its_log_with_the_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def log(place: int) -> Path:
        return tmp_path / "logs" / f"{place}.log"

    def prints(send: Send) -> None:
        print("from Python")
        os.system("echo from a program; echo its error >&2")

    with capfd.disabled():  # the file that stands for standard output under pytest is not a program's
        ends([fails, prints], 2, log=log)
    failed = log(0).read_text()
    assert "on its way" in failed
    assert failed.splitlines()[-2:] == ["ValueError: first line", "second line"]
    assert "Traceback (most recent call last)" in failed
    assert {"from Python", "from a program", "its error"} == set(log(1).read_text().splitlines())


def counts(first: int, count: int) -> Callable[[], Iterator[tuple[int, int]]]:
    """A task that yields its own name and numbers."""
    return lambda: iter([(first, number) for number in range(count)])


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_stream_has_all_that_the_tasks_yield_each_in_its_order(jobs: int) -> None:
    streamed = list(stream_forked([counts(name, 20) for name in range(3)], jobs))
    assert sorted(streamed) == [(name, number) for name in range(3) for number in range(20)]
    for name in range(3):
        assert [number for one, number in streamed if one == name] == list(range(20))
    assert jobs > 1 or streamed == sorted(streamed)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stream_ends_with_the_error_of_a_task(jobs: int) -> None:
    def breaks() -> Iterator[int]:
        yield 1
        raise ConfigError("params.yaml: mlp.base: no")

    received: list[int] = []
    with pytest.raises(ConfigError, match=r"^params\.yaml: mlp\.base: no$"):
        received.extend(stream_forked([breaks, breaks], jobs))


@pytest.mark.parametrize("work", [stream_forked, map_forked])
def test_one_task_works_in_this_process(work: Any) -> None:
    [process] = work([lambda: [os.getpid()]], 4)
    assert process in (os.getpid(), [os.getpid()])


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_map_gives_the_results_in_the_order_of_the_tasks(jobs: int) -> None:
    results = map_forked([lambda n=n: (n, os.getpid()) for n in range(6)], jobs)  # type: ignore[misc]
    assert [n for n, _ in results] == [0, 1, 2, 3, 4, 5]
    assert len({process for _, process in results} | {os.getpid()}) == (1 if jobs == 1 else 7)
    assert map_forked([lambda: None] * 2, jobs) == [None, None]
    assert map_forked([], jobs) == []


def test_where_a_task_of_a_map_fails_the_others_end_and_its_error_is_raised(tmp_path: Path) -> None:
    def work(name: str) -> None:
        if name == "b":
            raise ConfigError("b cannot be")
        (tmp_path / name).write_text("done")

    with pytest.raises(ConfigError, match=r"^b cannot be$"):
        map_forked([lambda name=name: work(name) for name in "bacd"], 2)  # type: ignore[misc]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "d"]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_pool_gives_the_results_in_the_order_of_the_tasks_from_as_many_processes_as_jobs(jobs: int) -> None:
    results = map_pooled([lambda n=n: (n, os.getpid()) for n in range(40)], jobs)  # type: ignore[misc]
    assert [n for n, _ in results] == list(range(40))
    assert len({process for _, process in results}) <= jobs
    assert (os.getpid() in {process for _, process in results}) == (jobs == 1)
    assert map_pooled([], jobs) == []


def test_a_pool_may_have_more_tasks_than_a_pipe_holds() -> None:
    assert map_pooled([lambda n=n: n for n in range(40_000)], 2) == list(range(40_000))  # type: ignore[misc]


def test_where_a_task_of_a_pool_fails_its_error_is_raised_and_no_process_stays() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ConfigError("3 cannot be")
        return number

    with pytest.raises(ConfigError, match=r"^3 cannot be$"):
        map_pooled([lambda n=n: work(n) for n in range(40)], 2)  # type: ignore[misc]
    assert not active_children()
    assert gc.get_freeze_count() == 0
