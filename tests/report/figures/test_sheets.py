"""The figure of whitening: its lines are the variances given, and its caption counts them."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from rdfia.analyse.results import Card, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, ORANGE, PINK, Drawing
from rdfia.report.figures import sheets
from tests.report import making

EPSILONS = np.array([0.1, 0.01, 1e-4, 1e-6])


def arrays(blown: float = 1.0) -> dict[str, Any]:
    """Variances that fall with the place; validation has `blown` times those of train."""
    rng = np.random.default_rng(0)
    values = np.geomspace(10, 1e-5, 192)
    gain = np.stack([np.ones(192), *(1 / (values + epsilon * values.mean()) for epsilon in EPSILONS)])
    names = ("raw", *(f"ε = {epsilon:g}" for epsilon in EPSILONS), "ε = 0.1, clipped to [0, 1]")
    pictures = {f"whitening/{name}": rng.integers(0, 255, (1, 6, 3, 8, 8), dtype=np.uint8) for name in names}
    lines = {"directions/train": values * gain, "directions/validation": blown * values * gain}
    return {**pictures, **lines, "directions/epsilon": EPSILONS, "directions/measured": np.array([321])}


def context(root: Path, given: dict[str, Any]) -> Context:
    """Return the context of a study with one data set that has these sheets."""
    path = root / "data" / "full" / "cifar10" / "sheets.safetensors"
    path.parent.mkdir(parents=True)
    save_file({key: np.ascontiguousarray(array) for key, array in given.items()}, path)
    return Context(Study(root, "full", (), {"cifar10": Card("cifar10", label="made-up images")}), ())


def drawn(root: Path, given: dict[str, Any]) -> list[Drawing]:
    return making.drawings(sheets.whitening, context(root, given))


def test_the_figure_has_a_stable_name_and_tells_what_it_shows(tmp_path: Path) -> None:
    (drawing,) = drawn(tmp_path, arrays())
    assert drawing.name == "cifar10_whitening"
    assert drawing.caption.startswith("made-up images: ")
    assert "321 validation images" in drawing.caption
    assert "ε = 0.1, clipped to [0, 1]" in drawing.alt
    assert all(colour in drawing.svg.decode() for colour in (BLUE, GREEN, ORANGE, PINK))


@pytest.mark.parametrize("blown", [1.0, 3.2, 4500.0])
def test_the_caption_counts_how_much_more_validation_varies(tmp_path: Path, blown: float) -> None:
    (drawing,) = drawn(tmp_path, arrays(blown))
    found = re.findall(r"([\d.,]+) at ε = ([\d.e-]*\d)", drawing.caption)
    assert [float(epsilon) for _, epsilon in found] == EPSILONS.tolist()
    assert [float(ratio.replace(",", "")) for ratio, _ in found] == pytest.approx([blown] * 4)


def test_the_numbers_are_those_that_are_plotted(tmp_path: Path) -> None:
    (plot,) = making.plots(sheets.whitening, context(tmp_path, arrays()))
    before, after = plot.figure.axes[:2]
    lines = [(*line.get_xdata(), *line.get_ydata()) for axis in (before, after) for line in axis.lines]
    keys = dict.fromkeys(row[:2] for row in plot.numbers.rows)
    rows = [[row[2:] for row in plot.numbers.rows if row[:2] == key] for key in keys]
    assert [(*(x for x, _ in part), *(y for _, y in part)) for part in rows] == lines
    assert len(lines) == 2 * (1 + len(EPSILONS))


def test_the_spectrum_is_plotted_from_the_largest(tmp_path: Path) -> None:
    given = {"spectrum": np.array([0.5, 8.0, 1.5])}
    (plot,) = making.plots(sheets.spectrum, context(tmp_path, given))
    assert plot.numbers.rows == [(1, 8.0), (2, 1.5), (3, 0.5)]
    assert plot.figure.axes[0].lines[0].get_ydata().tolist() == [8.0, 1.5, 0.5]
    assert (plot.facts["most"], plot.facts["ratio"]) == (2, 16.0)


def test_the_same_images_come_first_as_they_are(tmp_path: Path) -> None:
    keys = ("augment/flip", "augment/crop", "augment/none", "samples")
    given = {key: np.full((2, 3, 1, 4, 4), 85 * place, dtype=np.uint8) for place, key in enumerate(keys)}
    (plot,) = making.plots(sheets.augment, context(tmp_path, given))
    assert making.titles(plot) == ["none", "crop", "flip"] == [row[0] for row in plot.numbers.rows]
    assert [making.shown(plot, panel)[0, 0, 0] for panel in range(3)] == [170, 85, 0]


def test_without_what_prepare_measured_there_is_no_figure(tmp_path: Path) -> None:
    assert drawn(tmp_path, {key: value for key, value in arrays().items() if key.startswith("whitening/")}) == []


@pytest.mark.parametrize("values", [np.zeros(0, np.float32), np.zeros(3, np.float32)])
def test_equal_images_have_no_spectrum(tmp_path: Path, values: Any) -> None:
    nothing = {"directions/train": np.zeros((5, 12)), "directions/validation": np.zeros((5, 12))}
    room = context(tmp_path, {**arrays(), **nothing, "spectrum": values})
    assert making.plots(sheets.spectrum, room) == making.plots(sheets.whitening, room) == []


def test_bins_keep_the_mean_and_leave_out_what_has_no_variance() -> None:
    variance = np.concatenate([np.full(100, 2.0), np.zeros(92)])
    places, means = sheets.binned(variance)
    assert (means[:-1] == 2).all()
    assert (np.diff(places) > 0).all()
    assert places[0] == 1
    assert places[-1] < 105
