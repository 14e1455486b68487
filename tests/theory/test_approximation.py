"""Fits with a hidden layer and without, beside NumPy's."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from rdfia.data.store import Split
from rdfia.theory.approximation import Approximation, units, worst


def test_without_tanh_no_number_of_units_beats_a_line(circles: Split) -> None:
    facts = Approximation(widths=(1, 5, 30), points=401).answer(circles).facts
    x = np.linspace(-1, 1, 401)
    line = np.abs(np.polyval(np.polyfit(x, np.abs(x), 1), x) - np.abs(x)).max()
    assert facts["single"] == pytest.approx(line)
    assert [fit["linear"] for fit in facts["fits"]] == pytest.approx([line] * 3)


def test_with_tanh_the_error_falls_as_units_are_added(circles: Split) -> None:
    errors = [fit["tanh"] for fit in Approximation(points=1001).answer(circles).facts["fits"]]
    assert all(after < 0.7 * before for before, after in pairwise(errors))
    assert errors[-1] < 0.01


def test_a_fit_that_can_be_exact_is() -> None:
    x = torch.linspace(-1, 1, 101, dtype=torch.float64)
    assert worst(x.abs()[:, None], x) == pytest.approx(0, abs=1e-12)
    assert torch.allclose(units(x, 1), x.tanh()[:, None])


def test_two_linear_layers_are_one_of_the_narrowest_rank(circles: Split) -> None:
    facts = Approximation(widths=(1,)).answer(circles).facts
    assert facts["apart"] < 1e-12
    assert facts["rank"] == min(facts["sizes"])
