"""Where robust scaling puts the middle of the pixels."""

import numpy as np
import pytest
import torch

from rdfia.data.store import Split
from rdfia.theory.robust_scaling import RobustScaling, as_printed


def test_the_printed_formula_has_three_quarters_of_the_values_above_zero_and_the_right_one_half(circles: Split) -> None:
    printed, right = RobustScaling(images=40).answer(circles).facts["formulas"]
    assert (printed["reports"], right["reports"]) == (["R2023a"], [])
    assert printed["negative"] == pytest.approx(0.25, abs=0.02)
    assert right["negative"] == pytest.approx(0.5, abs=0.02)
    assert right["medians"] == pytest.approx([0, 0], abs=1e-6)
    assert 0.2 < printed["medians"][0] <= printed["medians"][1] < 0.8


def test_the_formula_is_run_as_it_is_printed() -> None:
    images = torch.randint(256, (5, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    x = images.numpy() / 255
    first, third = np.quantile(x, [0.25, 0.75], axis=(0, 2, 3))[..., None, None]
    np.testing.assert_allclose(as_printed(images).numpy(), (x - first) / (third - first), rtol=1e-4, atol=1e-5)
