"""The runs of a sweep on the nodes of a Ray cluster, as a stream of the same messages as from processes beside us.

A worker trains and tells, only this process writes. A run whose node dies is sent again with its last checkpoint; Ray's
own retries would replay a stream of messages, which is never the same twice.
"""

import json
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from rdfia.config import ConfigError, at
from rdfia.files import whole_folder, write_atomically, write_json
from rdfia.line import Line
from rdfia.parallel import Message
from rdfia.record import layout
from rdfia.record.run import FILES, TIMING, WEIGHTS, RunRecord
from rdfia.study.train_run import Task, begins_at, with_weights
from rdfia.sweep import ray_worker as worker
from rdfia.train.run import Data
from rdfia.words import listed

if TYPE_CHECKING:
    from rdfia.sweep.ray_cluster import Nodes

PAUSE = 0.5  # seconds between two looks where nothing is told
TRIES = 4  # of a run whose workers or nodes die
LOOK = 5.0  # seconds between two looks at the nodes
FETCH = 600.0  # seconds after which what a run gave back counts as lost


@dataclass(eq=False)
class Sent:
    """A run on its way: its place among the tasks, the stream of what it tells, and the node, once that is known."""

    place: int
    stream: Any
    node: str = ""
    name: str = ""
    started: float = field(default_factory=monotonic)


@dataclass
class Batch:
    """The runs of one wave: those that wait, those that are sent, how often each was, and what each node trained."""

    nodes: "Nodes"
    tasks: Sequence[Task]
    data: Mapping[str, Data]
    log: Callable[[int], Path]
    sent: list[Sent] = field(default_factory=list)
    tries: Counter[int] = field(default_factory=Counter)
    shared: dict[str, Any] = field(default_factory=dict)  # references to what lies in the cluster's memory
    trained: dict[str, list[float]] = field(default_factory=dict)  # the seconds of each run, by node
    looked: float = field(default_factory=monotonic)
    able: bool = True

    def __post_init__(self) -> None:
        self.ray, self.waiting = self.nodes.ray, deque(range(len(self.tasks)))

    def messages(self, jobs: int | None) -> Generator[Message]:
        """Send runs, hear them, and at the end say which node trained how many; what is left then is ended."""
        try:
            while self.waiting or self.sent:
                while self.waiting and len(self.sent) < (jobs or len(self.tasks)):
                    yield from self.begin(self.waiting.popleft())
                for one in self.heard():
                    yield from self.hear(one)
                yield from self.look()
                yield Message(-1)
            for node, seconds in sorted(self.trained.items()):
                yield Message(-1, f"node {node} trained {len(seconds)} of the runs, {sum(seconds):.0f} s in all")
        finally:
            for one in self.sent:
                self.ray.cancel(one.stream, force=True)

    def heard(self) -> list[Sent]:
        """Wait a while until runs have something to tell, and return those."""
        streams = [one.stream for one in self.sent]
        if not streams or not self.ray.wait(streams, timeout=PAUSE, fetch_local=False)[0]:
            return []
        ready = self.ray.wait(streams, num_returns=len(streams), timeout=0, fetch_local=False)[0]
        return [one for one in self.sent if any(one.stream is stream for stream in ready)]

    def look(self) -> Iterator[Message]:
        """See now and then which nodes are alive: not every stream of a node that died ends by itself."""
        if monotonic() - self.looked < LOOK:
            return
        alive, before = self.nodes.alive(), self.able
        self.looked, self.able = monotonic(), bool(self.nodes.able(self.nodes.share))
        if self.nodes.own not in alive:
            raise ConfigError("--executor: the cluster has lost the node of this machine; begin it and sweep again")
        for one in [one for one in self.sent if one.node and one.node not in alive]:
            yield from self.lost(one, self.ray.exceptions.NodeDiedError("its node died"))
        if before and not self.able:
            yield Message(-1, "no node is left that can train; what is left waits for one")

    def begin(self, place: int) -> Iterator[Message]:
        """Send a run."""
        try:
            self.sent.append(Sent(place, self.send(self.tasks[place])))
        except (ConfigError, OSError) as error:
            self.note(place, f"{error}")
            yield Message(place, ended=True, error=error)

    def send(self, task: Task) -> Any:
        """Send a run as JSON, with its checkpoints; data and weights lie in the cluster's memory once."""
        assert task.run is not None
        with at(task.layers):
            run = with_weights(task.run, task.profile)
        described = json.dumps({**vars(task), "run": run.model_dump(mode="json")})
        unfinished = layout.checkpoints(task.profile, task.chapter, task.name)
        checkpoints = {path.name: path.read_bytes() for path in unfinished.glob("*.safetensors")}
        path = begins_at(run)
        weights = None if path is None else self.share(str(path), path.read_bytes)
        data = self.share(task.chapter, lambda: worker.packed(self.data[task.chapter]))
        return self.nodes.send(described, data, checkpoints, weights)

    def share(self, name: str, content: Callable[[], Any]) -> Any:
        """Return a reference to what lies in the cluster's memory, where it is put once."""
        if name not in self.shared:
            self.shared[name] = self.ray.put(content())
        return self.shared[name]

    def hear(self, one: Sent) -> Iterator[Message]:
        """Take the next that a run tells; one whose worker or node died is sent again."""
        errors = self.ray.exceptions
        try:
            kind, content = self.ray.get(next(one.stream), timeout=FETCH)
        except errors.RayTaskError as error:
            yield self.end(one, error.cause or error, str(error))
        except (errors.RayError, StopIteration) as error:
            yield from self.lost(one, error)
        else:
            yield from self.take(one, kind, content)

    def take(self, one: Sent, kind: str, content: Any) -> Iterator[Message]:
        """Do what a run asks for by what it tells."""
        task = self.tasks[one.place]
        if kind == worker.REFUSED:
            self.sent.remove(one)
            self.waiting.appendleft(one.place)
            if line := self.nodes.refuse(*content):
                yield Message(-1, line)
        elif kind == worker.BEGAN:
            one.node, one.name, one.started = content, self.nodes.name(content), monotonic()
            self.log(one.place)
            yield Message(one.place, f"{task.chapter}/{task.name}  starts on {one.name}")
        elif kind == worker.LINE:
            line = f"{content}  on {one.name}"
            yield Message(one.place, content.again(line) if isinstance(content, Line) else line)
        elif kind == worker.CHECKPOINT:
            keep_checkpoint(task, *content)
        else:
            try:
                keep(task, content)
            except (ConfigError, OSError, RuntimeError) as error:
                yield self.end(one, error)
            else:
                yield self.end(one)

    def end(self, one: Sent, error: BaseException | None = None, text: str = "") -> Message:
        """Forget a run that has ended; all of an error goes to its log."""
        self.sent.remove(one)
        seconds = monotonic() - one.started
        if error is None:
            self.trained.setdefault(one.name, []).append(seconds)
        else:
            self.note(one.place, text or f"{error}")
        return Message(one.place, one.name, ended=True, seconds=seconds, error=error)

    def note(self, place: int, text: str) -> None:
        """Write all of an error where a local sweep has what a run printed."""
        log = self.log(place)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{text}\n", encoding="utf-8")

    def lost(self, one: Sent, error: BaseException) -> Iterator[Message]:
        """Send a run again whose worker or node died, but not for ever."""
        self.tries[one.place] += 1
        if self.tries[one.place] >= TRIES:
            yield self.end(one, error)
            return
        self.sent.remove(one)
        self.waiting.appendleft(one.place)
        task, where = self.tasks[one.place], f" on {one.name}" if one.node else ""
        yield Message(-1, f"{task.chapter}/{task.name} was lost{where} ({type(error).__name__}) and is sent again")


def keep(task: Task, files: Mapping[str, bytes]) -> None:
    """Put a run's files in place as training does, with the commit of this checkout; refuse what is not whole."""
    if set(files) != {*FILES, WEIGHTS}:
        raise RuntimeError(f"a worker gave {listed(sorted(files))}, allowed: {listed([*FILES, WEIGHTS])}")
    with whole_folder(layout.trained(task.profile, task.chapter, task.name)) as fresh:
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        record = RunRecord.read(fresh)
        here = {"commit": task.commit, "experiment": os.environ.get("DVC_EXP_NAME", "")}
        write_json({**record.timing, **here}, fresh / TIMING)
        if not record.whole:
            raise RuntimeError("the weights that came back are not those of the record")
    shutil.rmtree(layout.checkpoints(task.profile, task.chapter, task.name), ignore_errors=True)


def keep_checkpoint(task: Task, name: str, content: bytes) -> None:
    """Keep a checkpoint as training here does: the run goes on from it wherever it is sent next."""
    path = layout.checkpoints(task.profile, task.chapter, task.name) / Path(name).name
    with suppress(OSError):
        write_atomically(path, lambda temporary: temporary.write_bytes(content))
