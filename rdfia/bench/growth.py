"""How time, memory and disk grow with runs, images, epochs, seeds and workers: measured, with fitted exponents.

A row is what was measured at one size; the unit of a quantity stands in its name after a colon.
"""

import heapq
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from rdfia import chapters
from rdfia.bench.growing import CHAPTER, DATASET, FILL, PROFILE, Cost, Folder, parameters
from rdfia.bench.growth_page import PAGE, page
from rdfia.bench.power import fit
from rdfia.bench.run import idle_stages
from rdfia.files import write_json, write_text
from rdfia.record import layout
from rdfia.record.run import RunRecord
from rdfia.study import needs, runs
from rdfia.sweep.sweep import waves
from rdfia.train import device

Row = dict[str, float]
Params = Mapping[str, Any]
MIDDLE = {"channels": [8, 8, 16], "hidden": 64}  # a network whose training takes seconds
IMAGES = 1000  # where they do not grow
SIZES = {
    "stages": (3, 10, 30, 100),
    "runs": (1, 10, 30, 100, 300, 1000),
    "images": (300, 1000, 3000, 10_000, 30_000),
    "epochs": (1, 3, 10, 30, 100),
    "seeds": (1, 2, 4, 8, 16),
    "workers": (1, 2, 4, 8),
}
TASKS = 8  # runs that workers share
LARGE = "paper"  # the profile that says how large the study is
RECORDED, WORKERS = "mnist", (1, 2, 4, 8, 32, 128)  # whose sweep is simulated, and on how many workers


def measure(folder: Path, params: Params, sizes: Mapping[str, Sequence[int]] | None = None) -> None:
    """Measure axes, without sizes all at the usual ones, fit how each grows, and write growth.json and the page."""
    axes = dict[str, Any]()
    with tempfile.TemporaryDirectory(prefix="rdfia-growth-") as name:
        for axis, chosen in (sizes or SIZES).items():
            measure_one, rows = AXES[axis](params, Path(name) / axis), list[Row]()
            for size in chosen:
                rows.append(measure_one(size))
                print(f"{axis}: {size:,}", flush=True)
            axes[axis] = {"sizes": list(chosen), "quantities": _fitted(chosen, rows)}
    memory, disk = psutil.virtual_memory().total, shutil.disk_usage(layout.ROOT).total
    content = {
        "machine": device.machine(device.device()) | {"memory": memory, "disk": disk},
        "today": today(params),
        "axes": axes,
        "workers": on_workers({**params, "profile": RECORDED}),
    }
    write_json(content, folder / "growth.json")
    write_text(page(content), PAGE)
    print(f"{folder / 'growth.json'}, {PAGE}: written")


def _fitted(sizes: Sequence[int], rows: Sequence[Row]) -> dict[str, Any]:
    """Return each quantity's values and the law that fits them."""
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {name: {"values": found, "fit": asdict(fit(sizes, found))} for name, found in values.items()}


def today(params: Params) -> dict[str, int]:
    """Return how large the study is, at its own scale."""
    whole = {**params, "profile": LARGE}
    base: Any = runs.resolve(whole, CHAPTER, runs.runs(whole, CHAPTER)[0])
    count = len(runs.trained_runs(whole))
    counts = {"stages": count, "runs": count, "images": needs.COUNTS["cifar10"]}
    return counts | {"epochs": base.epochs, "seeds": base.seeds}


def on_workers(params: Params) -> dict[str, Any]:
    """Return how many times faster a sweep is on so many workers, from how long each run took where it was recorded.

    They begin in the order of a sweep, and those that begin from the weights of others when all others have ended.
    """
    name, times = params["profile"], list[list[float]]()
    for wave in waves(params, runs.chapters(params)):
        known = {
            run: RunRecord.read(layout.recorded(name, *run)).timing.get("seconds", 0.0)
            for run in runs.trained_runs(params)
            if run[0] in wave
        }
        times.append([known[run] for run in sorted(known, key=partial(_cost, params), reverse=True)])
    total = sum(map(sum, times))
    speed = [total / sum(makespan(wave, count) for wave in times) for count in WORKERS]
    recorded = sum(seconds > 0 for wave in times for seconds in wave)
    return {"profile": name, "runs": recorded, "counts": WORKERS, "speed": speed, "most": total / sum(map(max, times))}


def _cost(params: Params, run: tuple[str, str]) -> float:
    return needs.cost(runs.resolve(params, *run), needs.card(params, chapters.dataset(params, run[0])))


def makespan(times: Sequence[float], workers: int) -> float:
    """Return when the last of runs ends that begin in this order, each on the worker that is free first."""
    busy = [0.0] * workers
    for seconds in times:
        heapq.heapreplace(busy, busy[0] + seconds)
    return max(busy)


def _times(name: str, cost: Cost) -> Row:
    return {
        f"{name}: seconds": cost.clock,
        f"{name}: processor seconds": cost.processor,
        f"{name}: bytes of memory": cost.largest,
    }


def of_stages(params: Params, place: Path) -> Callable[[int], Row]:
    """DVC alone: stages that write a byte each, one after the other."""

    def measured(size: int) -> Row:
        folder = Folder(place / str(size))
        folder.root.mkdir(parents=True)
        folder.dvc("init", "--no-scm", "-q")
        idle_stages(folder.root, size)
        return _times("`dvc repro`, a stage after the other", folder.dvc("repro", "-q"))

    return measured


def of_runs(params: Params, place: Path) -> Callable[[int], Row]:
    """All that a study does beside training, where each run is a stage of DVC."""
    prepared = Folder.new(place / "prepared", parameters(params))
    prepared.dvc("repro", "-q", "prepare", "theory")

    def measured(size: int) -> Row:
        folder = prepared.copy(place / str(size))
        folder.write(parameters(params, size))
        row = _times("DVC checks and declares", folder.dvc("repro", "-q", f"declare_{CHAPTER}@{PROFILE}"))
        folder.python("-c", FILL)
        for name, act in (
            ("sweep that hands in results", partial(folder.rdfia, "sweep")),
            ("sweep without work", partial(folder.rdfia, "sweep")),
            ("`rdfia params`", partial(folder.rdfia, "params", CHAPTER, "run_0")),
            ("evaluation", partial(folder.stage, "evaluate", CHAPTER)),
            ("report", partial(folder.stage, "report")),
            ("publication", partial(folder.stage, "track")),
            ("publication without work", partial(folder.stage, "track")),
            ("`dvc commit` of the results", partial(folder.dvc, "commit", "-f", "-q", "evaluate", "report", "track")),
            ("`dvc repro` without work", partial(folder.dvc, "repro", "-q")),
            ("`dvc status`", partial(folder.dvc, "status", "-q")),
        ):
            row |= _times(name, act())
        row |= _sizes(folder)
        shutil.rmtree(folder.root)
        return row

    return measured


def _sizes(folder: Folder) -> Row:
    """How large the files of a finished study are."""
    return {
        "dvc.lock: lines": len((folder.root / "dvc.lock").read_text(encoding="utf-8").splitlines()),
        "runs and DVC's cache: bytes": folder.size("runs") + folder.size(".dvc/cache"),
        "reports: bytes": folder.size("reports"),
        "reports: files": len(folder.files("reports")),
        "the chapter's page: bytes of a page": folder.size(f"reports/{PROFILE}/pages/{CHAPTER}.html"),
        "MLflow: bytes": folder.size("mlflow.db") + folder.size("mlartifacts"),
        "MLflow: files": len(folder.files("mlartifacts")),
    }


def of_images(params: Params, place: Path) -> Callable[[int], Row]:
    """A data set is prepared, and a run trains on it for one epoch."""
    folder = Folder.new(place, parameters(params))

    def measured(size: int) -> Row:
        folder.write(parameters(params, images=size, model=MIDDLE, seeds=1, epochs=1))
        row = _times("preparation", folder.stage("prepare", DATASET))
        row |= _times("an epoch", folder.stage("train", CHAPTER, "run_0"))
        return row | {"data: bytes": folder.size(f"data/{PROFILE}/{DATASET}")}

    return measured


def _one_run(params: Params, place: Path, setting: str, **others: int) -> Callable[[int], Row]:
    """One run, of which one setting grows."""
    folder = Folder.new(place, parameters(params, images=IMAGES))
    folder.stage("prepare", DATASET)

    def measured(size: int) -> Row:
        folder.write(parameters(params, images=IMAGES, model=MIDDLE, **others, **{setting: size}))
        row = _times("a run", folder.stage("train", CHAPTER, "run_0"))
        made = f"runs/{PROFILE}/{CHAPTER}/run_0"
        return row | {
            "its weights: bytes": folder.size(f"{made}/weights.safetensors"),
            "its record: bytes": folder.size(f"{made}/history.csv") + folder.size(f"{made}/metrics.json"),
        }

    return measured


def of_workers(params: Params, place: Path) -> Callable[[int], Row]:
    """The same few runs by a sweep of more and more processes; memory is that of all together."""
    folder = Folder.new(place, parameters(params, TASKS, images=IMAGES, model=MIDDLE, seeds=1, epochs=8))
    folder.dvc("repro", "-q", f"declare_{CHAPTER}@{PROFILE}")

    def measured(size: int) -> Row:
        for made in ("runs", ".dvc/cache/runs"):
            shutil.rmtree(folder.root / made, ignore_errors=True)
        cost = folder.rdfia("sweep", "-j", str(size))
        return _times(f"a sweep of {TASKS} runs", cost) | {f"a sweep of {TASKS} runs: bytes of memory": cost.together}

    return measured


AXES: dict[str, Callable[[Params, Path], Callable[[int], Row]]] = {
    "stages": of_stages,
    "runs": of_runs,
    "images": of_images,
    "epochs": partial(_one_run, setting="epochs", seeds=1),
    "seeds": partial(_one_run, setting="seeds", epochs=2),
    "workers": of_workers,
}
