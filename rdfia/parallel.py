"""The one way to work side by side: tasks in forked processes, which need to import nothing, and what they send back.

Each task has a process of its own with a pipe to this one. So tasks may be many, may fail or be killed one by one, and
may send messages while they work. Where processes cannot be forked, or one job is asked for, tasks run here in turn.
"""

import ctypes
import gc
import os
import pickle
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
Send = Callable[[Any], None]
PATIENCE = 0.5  # seconds between two looks at the tasks where nothing is sent
ENDING = (signal.SIGINT, signal.SIGTERM)
GRACE = 5.0  # seconds that tasks have to end when they are asked to
PR_SET_PDEATHSIG = 1  # of prctl(2)
PLACE = 4  # bytes of a task's number in a pipe


@dataclass
class Active:
    """A task at work: its place among the tasks, its process, and the end of the pipe on which it is heard."""

    place: int
    process: ForkProcess
    pipe: Connection
    started: float = field(default_factory=monotonic)


@dataclass(frozen=True)
class Message:
    """What a task sent, or None if nothing came for a while; the last one of a task says how it ended.

    Content from no task (place -1) is for whoever watches; that of an end is where the task was done, if not here.
    `error` is the exception that ended it, or what the system says of its process.
    """

    place: int
    content: Any = None
    ended: bool = False
    seconds: float = 0.0
    error: BaseException | None = None


def cores() -> int:
    """Return how many processes can work at once: one where processes cannot be forked."""
    return len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else 1


def messages(
    tasks: Sequence[Callable[[Send], None]], jobs: int, log: Callable[[int], Path | None] = lambda place: None
) -> Generator[Message]:
    """Yield what the tasks send, `jobs` of them at a time, begun in their order; each ends with a message of its end.

    A failure stops no other task. With `log`, what a task prints goes to a file. Now and then comes a message without
    content from no task (place -1), so that whoever listens can show how it goes. No task outlives this process.
    """
    waiting, active = deque(range(len(tasks))), list[Active]()
    try:
        while waiting or active:
            while waiting and len(active) < jobs:
                place = waiting.popleft()
                with _held():
                    active.append(_begin(place, tasks[place], log(place)))
            for pipe in wait([one.pipe for one in active], PATIENCE):
                one = next(one for one in active if one.pipe is pipe)
                yield (message := _receive(one))
                if message.ended:
                    active.remove(one)
            yield Message(-1)
    finally:
        _end([one.process for one in active])


@contextmanager
def _held() -> Iterator[None]:
    """Hold the signals that end this process back: amid a fork one would be lost, or the child forgotten."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(processes: Sequence[ForkProcess]) -> None:
    """Ask processes to end; after a while, or where somebody will not wait for that, kill them."""
    for process in processes:
        process.terminate()
    try:
        until = monotonic() + GRACE
        for process in processes:
            process.join(max(0.0, until - monotonic()))
    finally:
        for process in processes:
            process.kill()
            process.join()


def _begin(place: int, task: Callable[[Send], None], log: Path | None) -> Active:
    """Fork a process for a task."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(task, sender, log, os.getpid()))
    process.start()
    sender.close()  # the child's end is its own: when it goes, ours hears the end
    return Active(place, process, receiver)


def end_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, however that ends; where it has already, end now."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _work(task: Callable[[Send], None], sender: Connection, log: Path | None, parent: int) -> None:
    """Do a task in its own process; the error that ends it is sent last."""
    end_with(parent)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)  # one that came amid the fork is heard here
        if log is not None:
            _print_to(log)
        task(lambda content: sender.send((content, None)))
    except Exception as error:
        sender.send((None, _picklable(error)))
        traceback.print_exc() if log is not None else None
        sys.exit(1)
    except KeyboardInterrupt:  # whoever interrupts ends the parent too, which says so
        sys.exit(1)


def _print_to(log: Path) -> None:
    """Send what this process prints, and what it starts, to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())


def _picklable(error: Exception) -> Exception:
    """Return the error, or where it cannot be sent one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _receive(one: Active) -> Message:
    """Return the next that a task sends, or how it ended; nothing is heard after what cannot be made again here."""
    error: BaseException | None = None
    try:
        sent = one.pipe.recv_bytes()
    except (EOFError, OSError):  # the pipe ended, it may be amid a message
        sent = b""
    if sent:
        try:
            content, error = pickle.loads(sent)  # noqa: S301
        except Exception as problem:
            error = RuntimeError(f"what it sent cannot be read ({type(problem).__name__}: {problem})")
            _end([one.process])
        if error is None:
            return Message(one.place, content)
    one.process.join()
    one.pipe.close()
    code = one.process.exitcode or 0
    if error is None and code:
        error = RuntimeError(
            f"the process was ended by signal {-code}" if code < 0 else f"the process ended with {code}"
        )
    return Message(one.place, ended=True, seconds=monotonic() - one.started, error=error)


def stream_forked(tasks: Sequence[Callable[[], Iterator[T]]], jobs: int) -> Iterator[T]:
    """Yield what each task yields, as it comes; a task that fails ends all with its error. One job works here."""
    if min(jobs, len(tasks)) < 2:
        for task in tasks:
            yield from task()
        return
    for message in messages([_sending(task) for task in tasks], jobs):
        if message.error is not None:
            raise message.error
        if message.place >= 0 and not message.ended:
            yield message.content


def _sending(task: Callable[[], Iterator[Any]]) -> Callable[[Send], None]:
    def work(send: Send) -> None:
        for item in task():
            send(item)

    return work


def map_forked(tasks: Sequence[Callable[[], T]], jobs: int | None = None) -> list[T]:
    """Return what each task gives, in their order; if some fail the others end, then one error is raised."""
    jobs = min(jobs or cores(), len(tasks))
    if jobs < 2:
        return [task() for task in tasks]
    results: dict[int, T] = {}
    errors: list[BaseException] = []
    for message in messages([_returning(task) for task in tasks], jobs):
        if message.error is not None:
            errors.append(message.error)
        elif message.place >= 0 and not message.ended:
            results[message.place] = message.content
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(tasks))]


def _returning(task: Callable[[], Any]) -> Callable[[Send], None]:
    return lambda send: send(task())


def map_pooled(tasks: Sequence[Callable[[], T]], jobs: int | None = None) -> list[T]:
    """Return what each of many small tasks gives, in their order; a task that fails ends all with its error.

    A few processes take one task after another, so that a fork and what a library loads with its first use are paid
    for once a process. What is here before the fork is kept from the collector, which would copy its memory. The pipe
    holds the number of the next task alone: who takes it puts the one after it there.
    """
    jobs = max(1, min(jobs or cores(), len(tasks)))
    taken, given = os.pipe()
    os.write(given, bytes(PLACE))

    def take() -> int:
        place = int.from_bytes(os.read(taken, PLACE), "big")
        os.write(given, (place + 1).to_bytes(PLACE, "big"))
        return place

    def work() -> Iterator[tuple[int, T]]:
        while (place := take()) < len(tasks):
            yield place, tasks[place]()

    gc.freeze()
    try:
        results = dict(stream_forked([work] * jobs, jobs))
    finally:
        gc.unfreeze()
        os.close(taken)
        os.close(given)
    return [results[place] for place in range(len(tasks))]
