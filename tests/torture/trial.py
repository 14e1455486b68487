"""One trial: a command is disturbed in a project at its smallest, given again, and its files compared byte for byte."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGINT, SIGTERM

from rdfia.files import SCRATCH
from rdfia.sweep import lock
from tests.processes import Process, kill, session, started, wait_until
from tests.project import environment, new
from tests.torture.works import AIMED, CTRL_C, CUT, FULL, TERM, Work

LOCKED = 0.3  # seconds after which DVC has written dvc.lock, mostly
PATIENCE = 2.0  # seconds after which a process has outlived its command
ROOM = 2**30  # bytes of the trial's file system
ROOTS = ("data", "declared", "reports", "runs")
EPOCHS = 40
Files = dict[str, str]


@dataclass(frozen=True)
class Plain:
    """A command that nothing disturbed: its seconds, operations on files, bytes, its files, and those without times."""

    seconds: float
    operations: int
    grown: int
    files: Files
    steady: Files
    stages: set[str]


@dataclass
class Trial:
    """What came of a trial; `broke` is empty where all was well, `disturbed` is false where the command had ended."""

    work: str
    way: str
    detail: str = ""
    disturbed: bool = True
    code: int = 0
    seconds: float = 0.0
    resumed: bool = False
    cut: bool = False
    outlived: int = 0
    broke: list[str] = field(default_factory=list)


class Bench:
    """A project at its smallest, its finished state beside it, and what each command does undisturbed."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.whole, self.root, self.count = folder / "whole", folder / "trial", folder / "count"
        self.random, self.plain = random, dict[str, Plain]()
        self.mounted = _mounted(self.root)

    def finish(self, *targets: str) -> None:
        """Make the project and its finished state, of some stages."""
        project = new(self.root)
        params = project.params()
        params["profiles"]["tiny"]["cnn"]["epochs"] = EPOCHS
        project.write_params(params)
        if targets:
            project("dvc", "repro", *targets)
        shutil.copy(Path(__file__).with_name("hook.py"), self.root / "sitecustomize.py")
        project("python", "-m", "rdfia", "mend")  # which keeps a copy of dvc.lock, as a sweep does
        shutil.copytree(self.root, self.whole, symlinks=True)

    def reset(self, work: Work) -> None:
        """Put the project where the command has all that it needs and nothing that it makes."""
        for path in self.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.whole, self.root, symlinks=True, dirs_exist_ok=True)
        for name in work.makes:
            path = self.root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if work.unlocked:
            shutil.rmtree(self.root / ".dvc/cache/runs", ignore_errors=True)
            known = lock.blocks((self.root / lock.LOCK).read_text())
            kept = [lines for name, lines in known.items() if not name.startswith(work.unlocked)]
            for path in (lock.LOCK, lock.COPY):
                (self.root / path).write_text(lock.HEAD + "".join(kept))

    @contextmanager
    def command(self, *words: str, **variables: str) -> Iterator[Process]:
        """Start a command in the project, in a session of its own; each epoch has its checkpoint."""
        self.count.unlink(missing_ok=True)
        more = {"TORTURE_ROOT": str(self.root), "TORTURE_COUNT": str(self.count), "RDFIA_CHECKPOINT_SECONDS": "0"}
        with started("-m", *words, cwd=self.root, environment=environment() | more | variables) as process:
            yield process

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command to its end; its code and what it printed."""
        with self.command(*words) as process:
            said = "".join(process.communicate())
        return process.returncode, said

    def measure(self, work: Work) -> Plain:
        """Run a command twice, undisturbed; files that differ hold times."""
        if work.name not in self.plain:
            found = []
            for _ in range(2):
                self.reset(work)
                used, begun = _used(self.root), time.monotonic()
                code, said = self.run(*work.words)
                assert code == 0, said
                found.append(snapshot(self.root))
            steady = {name: digest for name, digest in found[0].items() if found[1].get(name) == digest}
            self.plain[work.name] = Plain(
                time.monotonic() - begun,
                self.count.stat().st_size,
                max(_used(self.root) - used, 2**16),
                found[0],
                steady,
                self.stages(),
            )
        return self.plain[work.name]

    def stages(self) -> set[str]:
        """The stages that dvc.lock knows; none where it cannot be read."""
        return set(lock.stages((self.root / lock.LOCK).read_text(errors="replace")) or {})

    def trial(self, work: Work, way: str) -> Trial:
        """Disturb a command, give it again, compare."""
        plain, found, begun = self.measure(work), Trial(work.name, way), time.monotonic()
        self.reset(work)
        before = self.stages()
        self.disturb(work, way, plain, found)
        if found.disturbed:
            found.cut = not self.stages() >= before
            half = [name for name, digest in snapshot(self.root).items() if plain.steady.get(name, digest) != digest]
            if found.outlived and not work.unlocked:  # without DVC
                found.broke.append(f"{found.outlived} processes outlived the command")
            found.broke += [f"half-written: {name}" for name in half]
            self.recover(work, plain, found)
        found.seconds = time.monotonic() - begun
        return found

    def disturb(self, work: Work, way: str, plain: Plain, found: Trial) -> None:
        """Run a command and let something happen to it."""
        variables, every, after = dict[str, str](), self.random.random() < 0.5, None
        if way == AIMED:
            last = self.random.randint(1, plain.operations)
            variables = {"TORTURE_LAST": str(last), "TORTURE_EVERY": str(int(every))}
            whom = "all processes" if every else "one process"
            found.detail = f"before operation {last} of {plain.operations}, {whom}"
        elif way == CUT:
            variables = {"TORTURE_LOCK": f"{self.random.uniform(0.001, LOCKED):.3f}"}
            found.detail = f"{variables['TORTURE_LOCK']} s after DVC opened dvc.lock"
        elif way == FULL:
            room = _used(self.root) + round(self.random.random() * plain.grown)
            _resize(self.root, room)
            found.detail = f"{room:,} bytes in all"
        else:
            after = self.random.random() * plain.seconds
            found.detail = f"after {after:.1f} of {plain.seconds:.1f} s"
        with self.command(*work.words, **variables) as process:
            if after is not None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=after)
                found.disturbed = process.poll() is None
                if found.disturbed:
                    _send(process, way, every)
            said = self.ended(process, found)
        _resize(self.root, ROOM) if way == FULL else None
        found.code = process.returncode
        found.disturbed &= found.code != 0
        own = found.code > 0 and "Fatal Python error: init" not in said  # else Python itself was not up yet
        if way in (TERM, CTRL_C, FULL) and "dvc" not in work.words and own and "Traceback" in said:
            found.broke.append(f"a traceback: {said.strip().splitlines()[-1][:200]}")

    @staticmethod
    def ended(process: Process, found: Trial) -> str:
        """Wait until a command and all that it began have ended; what it printed."""
        process.wait()
        until = time.monotonic() + PATIENCE
        while session(process.pid) and time.monotonic() < until:
            time.sleep(0.05)
        found.outlived = len(session(process.pid))
        wait_until(lambda: not session(process.pid), "what the command began to end", 300)
        return "".join(process.communicate())

    def recover(self, work: Work, plain: Plain, found: Trial) -> None:
        """Give the command again, where DVC is asked directly after `rdfia mend`, and compare with no disturbance."""
        if "dvc" in work.words:
            code, said = self.run("rdfia", "mend")
            found.broke += [f"mend: {_last(said)}"] if code else []
        code, said = self.run(*work.words)
        if code:
            found.broke.append(f"the same command ended with {code}: {_last(said)}")
        found.resumed = "goes on after epoch" in said or "have checkpoints" in said
        after = snapshot(self.root)
        found.broke += [f"missing: {name}" for name in plain.files.keys() - after.keys()]
        found.broke += [f"left over: {name}" for name in after.keys() - plain.files.keys()]
        found.broke += [
            f"differs: {name}" for name, digest in plain.steady.items() if after.get(name, digest) != digest
        ]
        found.broke += [f"lost from dvc.lock: {name}" for name in plain.stages - self.stages()]


def snapshot(root: Path) -> Files:
    """The hash of every file of data, declarations, runs and results, but for what is being written."""
    paths = [path for name in ROOTS for path in (root / name).rglob("*") if path.is_file()]
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items() if SCRATCH not in name}


def _last(said: str) -> str:
    return (said.strip().splitlines() or ["nothing was said"])[-1][:300]


def _send(process: Process, way: str, every: bool) -> None:
    """Send what disturbs: Ctrl-C goes to the group in front of a terminal, a kill to all or to the first alone."""
    with suppress(ProcessLookupError):
        if way == CTRL_C:
            os.killpg(process.pid, SIGINT)
        elif way == TERM:
            process.send_signal(SIGTERM)
        else:
            kill(process) if every else process.kill()


def _mounted(root: Path) -> bool:
    """Give the trial a file system of its own, which can be full; whether that is allowed here."""
    root.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(root)]
    alone = os.environ.get("TORTURE_ALONE") == "1"  # in a name space of mounts of our own
    return alone and subprocess.run(words, capture_output=True, check=False).returncode == 0


def _resize(root: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(root)], check=True)


def _used(root: Path) -> int:
    stat = os.statvfs(root)
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize
