"""Shares beside how often they are right: by hand, and for shares that are the truth itself."""

import pytest
import torch

from rdfia.data.store import Split
from rdfia.theory.calibration import Calibration, reliability


def test_bins_are_those_by_hand() -> None:
    share = torch.tensor([0.55, 0.58, 0.85, 0.9, 0.995, 0.999], dtype=torch.float64)
    found = reliability(share, torch.tensor([True, False, True, True, True, False]))
    counts = [(one["from"], one["count"], one["right"]) for one in found["bins"]]
    assert counts == [(0.5, 2, 0.5), (0.8, 1, 1.0), (0.9, 1, 1.0), (0.99, 2, 0.5)]
    assert found["error"] == pytest.approx((2 * 0.065 + 0.15 + 0.1 + 2 * 0.497) / 6)
    assert (found["accuracy"], found["mean"]) == pytest.approx((4 / 6, float(share.mean())))


def test_shares_that_are_probabilities_have_no_error_but_chance() -> None:
    generator = torch.Generator().manual_seed(0)
    share = 0.5 + torch.rand(100_000, dtype=torch.float64, generator=generator) / 2
    right = torch.rand(100_000, dtype=torch.float64, generator=generator) < share
    assert reliability(share, right)["error"] < 0.01
    assert reliability(share, torch.rand(100_000, generator=generator) < 0.5)["error"] > 0.2


def test_a_network_is_surer_of_fresh_circles_than_right_the_longer_it_trains(circles: Split) -> None:
    first, last = Calibration(steps=(100, 1500), fresh=5000).answer(circles).facts["networks"]
    over = [one["fresh"]["mean"] - one["fresh"]["accuracy"] for one in (first, last)]
    assert over[0] < over[1]
    assert over[1] > 0
