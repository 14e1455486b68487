"""Small multiples: every title, number and note is there, and a line that stops being a number stops."""

import numpy as np
import pytest

from rdfia.analyse.curves import Band
from rdfia.report.engine.drawing import BLUE, finish, style
from rdfia.report.engine.multiples import TICKS as ROUND
from rdfia.report.engine.multiples import Multiples, Panel, Spot, Stroke, seen_ticks

OURS = Stroke("ours & theirs", BLUE)


def band(values: list[float]) -> Band:
    epochs = np.arange(len(values), dtype=float)
    return Band(epochs, np.array(values) - 0.1, np.array(values), np.array(values) + 0.1)


def svg(count: int, apart: bool) -> str:
    panels = [Panel(f"run <{n}>", [(OURS, band([1.0, 0.5, 0.1 * n]))], f"note {n}\nbelow") for n in range(count)]
    with style():
        plot = Multiples(panels, 4, 1.75, "epoch", "loss", (0.0, 2.0), apart, 9.5)
        return finish(plot.figure(), "many", "Many.", "Many panels.").svg.decode()


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("count", [1, 4, 6, 13])
def test_every_panel_has_its_words(count: int, apart: bool) -> None:
    text = svg(count, apart)
    assert all(f">run &lt;{n}&gt;</text>" in text and f">note {n}</text>" in text for n in range(count))
    assert text.count(">epoch</text>") == (count if apart else min(count, 4))
    assert text.count(">loss</text>") == -(-count // 4)
    assert text.count(">ours &amp; theirs</text>") == 1


def test_a_line_ends_where_a_seed_diverges() -> None:
    from matplotlib.transforms import Bbox

    spot = Spot(Bbox.from_bounds(10, 20, 100, 50), (0.0, 2.0), (0.0, 1.0))
    assert spot.points([0, 1, 2], [0.5, float("nan"), float("inf")]) == [(10.0, 45.0)]
    assert spot.points([0, 2], [0, 1]) == [(10.0, 20.0), (110.0, 70.0)]


@pytest.mark.parametrize("ends", [(0.0, 101.0), (0.0, 1e-4), (-3.0, 97.5), (2.0, 3e9)])
def test_ticks_are_few_and_inside(ends: tuple[float, float]) -> None:
    ticks = seen_ticks(ROUND, ends)
    assert 2 <= len(ticks) <= 6
    assert all(ends[0] <= tick <= ends[1] for tick in ticks)


def test_a_run_without_epochs_is_a_frame() -> None:
    with style():
        plot = Multiples([Panel("none", [(OURS, band([]))])], 4, 1.75, "epoch", "loss", (0.0, 1.0), True, 9.5)
        assert ">none</text>" in finish(plot.figure(), "none", "", "").svg.decode()
