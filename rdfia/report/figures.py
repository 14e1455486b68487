"""Which figures a report holds, in the order in which they are read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from rdfia.analyse.published import Published
from rdfia.analyse.results import ChapterResult, Study
from rdfia.report import curves, effects, evidence, sheets
from rdfia.report.style import Drawing, style


def chapter(study: Study, result: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """A chapter's figures; each is left out where its files are missing."""
    probes = _arrays(study.folder() / "probes" / f"{result.name}.safetensors")
    with style():
        return [
            *effects.accuracies(study, result, figures),
            *effects.forest(study, result, figures),
            *curves.draw(study, result),
            *evidence.regions(result, probes),
            *evidence.confusion(result),
            *evidence.filters(result, probes),
            *evidence.attention(result, probes),
        ]


def data(study: Study) -> dict[str, list[Drawing]]:
    """The figures of each data set by its name."""
    folder = study.root / "data" / study.profile
    with style():
        return {
            name: sheets.draw(card, _arrays(folder / name / "sheets.safetensors")) for name, card in study.cards.items()
        }


def _arrays(path: Path) -> Mapping[str, npt.NDArray[Any]]:
    """The arrays of a file, none where it is missing."""
    from safetensors.numpy import load_file

    found: Mapping[str, npt.NDArray[Any]] = load_file(path) if path.exists() else {}
    return found
