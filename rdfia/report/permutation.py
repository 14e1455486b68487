"""What a transformer knows of places: its accuracy on validation images whose patches were shuffled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from rdfia.analyse.metrics import Estimate, interval
from rdfia.analyse.results import FINISHED, PERCENT, ChapterResult, RunResult, Study
from rdfia.report.engine.drawing import listed
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.evidence import Arrays
from rdfia.report.grouped import SURE

SIZES = ("grid", "heads")  # groups whose runs differ in their sizes alone: none but the chapter's chief runs are shown
UNPLACED = "none"
COLUMNS = (
    Column("run", code=True),
    Column("positions"),
    Column("validation accuracy", "%", numeric=True),
    Column("on shuffled patches", "%", numeric=True),
    Column("difference", "points", signed=True, numeric=True),
)


def tables(study: Study) -> list[Table]:
    """A table for each chapter whose runs were shown shuffled patches."""
    folder = study.folder() / "probes"
    found = ((chapter, read(folder / f"{chapter.name}.safetensors")) for chapter in study.chapters)
    return [table for chapter, probes in found if (table := permutation(chapter, probes)) is not None]


def read(path: Path) -> Mapping[str, npt.NDArray[Any]]:
    """The accuracies on shuffled patches in a file of probes, none where it is missing."""
    if not path.exists():
        return {}
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys() if name.endswith("/shuffled")}  # noqa: SIM118


def permutation(chapter: ChapterResult, probes: Arrays) -> Table | None:
    """The chapter's first and best run and those of its ablations, before and after the shuffling."""
    runs = [run for run in chapter.runs if run.status == FINISHED and _both(run, probes)]
    if not runs:
        return None
    chief = (chapter.runs[0].name, chapter.best.name if chapter.best else "")
    shown = [run for run in runs if run.name in chief or (run.group and run.group not in SIZES)]
    rows = [_row(run, probes) for run in (shown or runs)]
    return Table(f"{chapter.name}_permutation", _caption(runs, probes, len(rows)), COLUMNS, tuple(rows))


def _both(run: RunResult, probes: Arrays) -> bool:
    """Whether every seed has both accuracies."""
    return bool(run.validation) and len(probes.get(f"{run.name}/shuffled", ())) == len(run.validation)


def _row(run: RunResult, probes: Arrays) -> tuple[Cell, ...]:
    after = [PERCENT * float(value) for value in probes[f"{run.name}/shuffled"]]
    return (run.name, placed(run), run.validation_accuracy, interval(after), loss(run, probes))


def placed(run: RunResult) -> str:
    """What tells the run's tokens where they are."""
    return str(run.config.get("model", {}).get("positions", "learned"))


def loss(run: RunResult, probes: Arrays) -> Estimate:
    """Accuracy on shuffled patches minus that on the images as they are, seed by seed."""
    pairs = zip(run.validation.values(), probes[f"{run.name}/shuffled"], strict=True)
    return interval([round(PERCENT * float(after) - before, 4) for before, after in pairs])  # 32 bits leave a rest


def _caption(runs: Sequence[RunResult], probes: Arrays, shown: int) -> str:
    """What was done, what runs with and without positions lose, and what chance would give."""
    classes = len(runs[0].classes or runs[0].card.classes)
    chance = f" Guessing among {classes} classes would give {PERCENT / classes:.1f} %." if classes else ""
    few = (
        f" Shown are {shown} of {len(runs)} runs: the first, the best, and the ablations." if shown < len(runs) else ""
    )
    return (
        "Validation accuracy of trained networks on images as they are and on the same images with their patches in an "
        "order drawn anew for each image; the difference is taken seed by seed, with its "
        f"{SURE} interval.{few} {_told(runs, probes)}{chance}"
    )


def _told(runs: Sequence[RunResult], probes: Arrays) -> str:
    """The range of what is lost, apart for networks that are told places and for those that are not."""
    sides = {
        True: [run for run in runs if placed(run) != UNPLACED],
        False: [run for run in runs if placed(run) == UNPLACED],
    }
    words = {True: "with positions", False: "without positions"}
    said = [f"{_counted(side)} {words[told]} by {_range(side, probes)}" for told, side in sides.items() if side]
    sets = sides[False] and not any(_windowed(run) for run in sides[False])
    rule = " Without positions attention sees a set, whose order says nothing: what is left is rounding." * bool(sets)
    return f"The shuffling changes {listed(said)}.{_by_patch(sides[True], probes)}{rule}"


def _by_patch(runs: Sequence[RunResult], probes: Arrays) -> str:
    """What runs with positions lose by the size of their patches, where they differ in it."""
    sizes: dict[int, list[RunResult]] = {}
    for run in runs:
        sizes.setdefault(int(run.config.get("model", {}).get("patch_size", 0)), []).append(run)
    said = [f"{size} pixels by {_range(sizes[size], probes)}" for size in sorted(sizes)]
    if len(said) < 2:
        return ""
    return f" Those with patches of {listed(said)}: a small loss says that a patch tells its place by what is in it."


def _counted(runs: Sequence[RunResult]) -> str:
    return f"{len(runs)} run{'s' * (len(runs) > 1)}"


def _windowed(run: RunResult) -> bool:
    """Whether attention stays in windows, which know which patches are near without any positions."""
    return bool(run.config.get("model", {}).get("attention", {}).get("name") == "windowed")


def _range(runs: Sequence[RunResult], probes: Arrays) -> str:
    means = sorted(loss(run, probes).mean for run in runs)
    ends = dict.fromkeys(f"{value + 0.0:+.2f}" for value in (means[0], means[-1]))
    return f"{' to '.join(ends)} points"
