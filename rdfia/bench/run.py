"""What one run costs, split into start, imports, DVC and training."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdfia import chapters, config
from rdfia.files import write_json
from rdfia.study import runs
from rdfia.train import device
from rdfia.words import table

STAGES = 20


def measure(folder: Path, chapter: str = "cnn", run: str = "baseline") -> None:
    """Time each part of a run on this machine, all within one command, and write run.json and run.md."""
    parts = {
        "python starts": _best(lambda: _python("pass")),
        "imports of training": _best(lambda: _python("import stages.train")),
        "DVC, a stage": _dvc() / STAGES,
        "training, all seeds": _training(chapter, run),
    }
    parts["imports of training"] -= parts["python starts"]
    total = sum(parts.values())
    shares = {part: {"seconds": round(s, 3), "share": round(s / total, 3)} for part, s in parts.items()}
    profile = config.profile(config.load())
    where = device.machine(device.device())
    write_json({"run": f"{chapter}/{run}", "profile": profile, "parts": shares, "machine": where}, folder / "run.json")
    (folder / "run.md").write_text(_table(f"{chapter}/{run}, profile {profile}", shares), encoding="utf-8")
    print((folder / "run.md").read_text(encoding="utf-8"), end="")


def _table(title: str, shares: dict[str, Any]) -> str:
    rows = [[part, f"{cost['seconds']:.2f}", f"{cost['share']:.0%}"] for part, cost in shares.items()]
    return f"Cost of {title}\n\n{table(('part', 'seconds', 'share'), rows)}\n"


def _best(action: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few times: what the machine needs when nothing else disturbs it."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def _dvc() -> float:
    """`dvc repro` of stages that do nothing but write a byte."""
    with tempfile.TemporaryDirectory() as name:
        idle_stages(Path(name), STAGES)
        subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=name, check=True)
        return _best(lambda: subprocess.run(["dvc", "repro", "-q"], cwd=name, check=True), times=1)


def idle_stages(folder: Path, count: int) -> None:
    """Write a pipeline of stages that do nothing but write a byte."""
    stage = "  s{0}:\n    cmd: echo {0} > out{0}\n    deps: [in]\n    outs: [out{0}]\n"
    (folder / "in").write_text("1")
    (folder / "dvc.yaml").write_text("stages:\n" + "".join(stage.format(n) for n in range(count)))


def _training(chapter: str, run: str) -> float:
    """Every seed of the run as the stage trains it; nothing is written."""
    from rdfia.study.train_run import events, load_data

    params = config.load()
    data = load_data(config.profile(params), chapters.dataset(params, chapter))
    return _best(lambda: list(events(runs.resolve(params, chapter, run), data, device.jobs_within())), times=1)
