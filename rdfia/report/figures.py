"""Which figures a report holds, in the order in which they are read; they are drawn side by side, a process a core."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from rdfia.analyse.groups import groups
from rdfia.analyse.published import Published
from rdfia.analyse.results import ChapterResult, Study
from rdfia.analyse.side_by_side import side_by_side
from rdfia.report import (
    alone,
    chain,
    curves,
    effects,
    evidence,
    heatmap,
    implementations,
    margins,
    plane,
    price,
    range_test,
    reconstructions,
    schedules,
    sheets,
    sizes,
    theory,
    transformer,
)
from rdfia.report.engine.drawing import Drawing, style

Task = Callable[[], list[Drawing]]


def chapter(study: Study, result: ChapterResult, figures: Sequence[Published]) -> list[Task]:
    """A chapter's figures; each is left out where its files are missing."""
    probes = _arrays(study.folder() / "probes" / f"{result.name}.safetensors")
    regions = margins.regions if any(name.endswith("/support") for name in probes) else plane.regions
    return [
        partial(chain.draw, study, result, figures),
        partial(effects.accuracies, study, result, figures),
        partial(effects.forest, study, result, figures),
        partial(alone.draw, result),
        partial(range_test.draw, result, probes),
        partial(heatmap.draw, result),
        partial(sizes.by_blocks, study, result, figures),
        partial(sizes.tokens, result),
        partial(price.draw, result),
        *(partial(curves.of_group, study, result, group) for group in groups(result)),
        partial(schedules.draw, result),
        partial(margins.against_C, study, result),
        partial(regions, result, probes),
        partial(plane.strips, result, probes),
        partial(evidence.confusion, result),
        partial(evidence.mistakes, result, probes),
        partial(evidence.filters, result, probes),
        partial(transformer.attention, result, probes),
        partial(transformer.depth, result, probes),
        partial(transformer.rolled, result, probes),
        partial(transformer.positions, result, probes),
        partial(transformer.patches, result, probes),
        partial(reconstructions.draw, result, probes),
    ]


def data(study: Study) -> list[Task]:
    """The figures of each data set."""
    folder = study.root / "data" / study.profile
    return [
        partial(sheets.draw, card, _arrays(folder / name / "sheets.safetensors")) for name, card in study.cards.items()
    ]


def lessons(study: Study) -> list[Task]:
    """The figures that are no chapter's own; a chapter's text names those that it shows."""
    return [partial(implementations.drawings, study), partial(theory.drawings, study.folder() / "theory")]


def draw(parts: Mapping[str, Sequence[Task]]) -> dict[str, list[Drawing]]:
    """Every part's figures, in order."""
    found = side_by_side([partial(_draw, task) for part in parts.values() for task in part])
    waiting = iter(found)
    return {name: [drawing for _ in part for drawing in next(waiting)] for name, part in parts.items()}


def _draw(task: Task) -> list[Drawing]:
    with style():
        return task()


def _arrays(path: Path) -> Mapping[str, npt.NDArray[Any]]:
    """The arrays of a file, none where it is missing."""
    from safetensors.numpy import load_file

    found: Mapping[str, npt.NDArray[Any]] = load_file(path) if path.exists() else {}
    return found
