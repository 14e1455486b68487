"""A study that has the answers to questions and nothing else, and the points of a figure of lines."""

from pathlib import Path
from typing import Any

import numpy as np

from rdfia.analyse.results import Study
from rdfia.data.store import save_tensors
from rdfia.files import write_json
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Plot
from rdfia.theory.answer import Answer


def answered(root: Path, **answers: Answer) -> Context:
    """Write the answers as the stage does, and return the context of a study that has no chapters."""
    folder = root / "reports" / "full" / "theory"
    folder.mkdir(parents=True, exist_ok=True)
    for question, answer in answers.items():
        write_json(answer.facts, folder / f"{question}.json")
        save_tensors(answer.arrays, folder / f"{question}.safetensors")
    return Context(Study(root, "full", (), {}), ())


def plotted(plot: Plot) -> list[tuple[Any, ...]]:
    """Return the points of all lines that are seen as (panel's title, x, y), in order."""
    points = [
        (axis.get_title("left"), *point)
        for axis in plot.figure.axes
        for line in axis.lines
        for point in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    return sorted(point for point in points if np.isfinite(point[1:]).all())


def numbered(plot: Plot) -> list[tuple[Any, ...]]:
    """Return the numbers of a figure of lines as (panel, x, y), in order."""
    return sorted((panel, x, y) for panel, _, x, y in plot.numbers.rows)
