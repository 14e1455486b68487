"""The figure of whitening: its lines are the variances given, and its caption counts them."""

import re
from typing import Any

import numpy as np
import pytest

from rdfia.analyse.results import Card
from rdfia.report import sheets
from rdfia.report.engine.drawing import BLUE, GREEN, ORANGE, PINK, Drawing, style

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


def drawn(given: dict[str, Any]) -> list[Drawing]:
    with style():
        return sheets.draw(Card("cifar10", label="made-up images"), given)


def test_the_figure_has_a_stable_name_and_tells_what_it_shows() -> None:
    (drawing,) = drawn(arrays())
    assert drawing.name == "cifar10_whitening"
    assert drawing.caption.startswith("made-up images: ")
    assert "321 validation images" in drawing.caption
    assert "ε = 0.1, clipped to [0, 1]" in drawing.alt
    assert all(colour in drawing.svg.decode() for colour in (BLUE, GREEN, ORANGE, PINK))


@pytest.mark.parametrize("blown", [1.0, 3.2, 4500.0])
def test_the_caption_counts_how_much_more_validation_varies(blown: float) -> None:
    (drawing,) = drawn(arrays(blown))
    found = re.findall(r"([\d.,]+) at ε = ([\d.e-]*\d)", drawing.caption)
    assert [float(epsilon) for _, epsilon in found] == EPSILONS.tolist()
    assert [float(ratio.replace(",", "")) for ratio, _ in found] == pytest.approx([blown] * 4)


def test_without_what_prepare_measured_there_is_no_figure() -> None:
    assert drawn({key: value for key, value in arrays().items() if key.startswith("whitening/")}) == []


def test_bins_keep_the_mean_and_leave_out_what_has_no_variance() -> None:
    variance = np.concatenate([np.full(100, 2.0), np.zeros(92)])
    places, means = sheets._binned(variance)
    assert (means[:-1] == 2).all()
    assert (np.diff(places) > 0).all()
    assert places[0] == 1
    assert places[-1] < 105
