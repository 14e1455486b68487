"""Circles: the densities, their Bayes accuracy, and samples."""

from pathlib import Path

import pytest
import torch

from rdfia.config import ConfigError, parse
from rdfia.data.circles import Circles
from rdfia.data.store import Split

NOWHERE = Path("nowhere")


def _best_accuracy(circles: Circles, split: Split) -> float:
    """Return the accuracy of the Bayes rule: the class of the larger density at the point's radius."""
    radius = torch.hypot(*split.x.double().T)
    return float((circles.density(radius).argmax(dim=0) == split.y).double().mean())


def test_points_lie_in_the_plane_and_the_classes_are_balanced() -> None:
    raw = Circles().load(NOWHERE)
    for split, count in ((raw.train, 400), (raw.test, 200)):
        assert split.x.shape == (count, 2)
        assert split.x.dtype == torch.float32
        assert split.x.abs().max() <= 2
        assert torch.bincount(split.y).tolist() == [count // 2, count // 2]


def test_each_density_integrates_to_one() -> None:
    radius = torch.linspace(-1, 3, 400_001, dtype=torch.float64)
    areas = torch.trapezoid(Circles().density(radius), radius, dim=1)
    assert areas.tolist() == pytest.approx([1, 1], abs=1e-4)


def test_the_ceiling_lies_between_94_and_95_percent() -> None:
    assert 0.94 <= Circles().ceiling() <= 0.95


def test_the_bayes_rule_on_samples_reaches_the_ceiling() -> None:
    circles = Circles(train=200_000)
    assert _best_accuracy(circles, circles.load(NOWHERE).train) == pytest.approx(circles.ceiling(), abs=0.002)


def test_no_straight_line_separates_the_classes() -> None:
    points = Circles(train=4000).load(NOWHERE).train
    inputs = torch.cat((points.x, torch.ones(len(points), 1)), dim=1)
    weights = torch.linalg.lstsq(inputs, 2.0 * points.y.unsqueeze(1) - 1).solution
    assert float((((inputs @ weights).squeeze(1) > 0).long() == points.y).double().mean()) < 0.6


def test_the_seed_determines_the_points() -> None:
    first, again, other = (Circles(seed=seed).load(NOWHERE).train.x for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rings_in_the_wrong_order_are_an_error() -> None:
    with pytest.raises(ConfigError, match="inner below outer"):
        parse(Circles, {"inner": 1.5}, where=["data.circles.source"])
