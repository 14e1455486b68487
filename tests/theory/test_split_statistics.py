"""How far pixels move where a split is normalised by its own statistics."""

import pytest
import torch

from rdfia.data.normalise import Standardise, fit_all
from rdfia.data.store import Split
from rdfia.theory.split_statistics import SplitStatistics, moved


def test_the_more_images_a_split_has_the_less_its_pixels_move(circles: Split) -> None:
    small, large = SplitStatistics(train=200, images=(10, 100)).answer(circles).facts["splits"]
    assert (small["splits"], large["splits"]) == (10, 1)
    assert 2 * large["move"] < small["move"] <= small["largest"]
    assert small["levels"] > small["move"]


def test_a_move_is_that_of_the_mean_and_of_the_deviation() -> None:
    """(x - m')/s' - (x - m)/s = y' (1 - s'/s) - (m' - m)/s, where y' has mean 0 and deviation 1."""
    images = torch.randint(256, (20, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    own = fit_all(images, [Standardise])
    assert moved(images, own, own) == 0
    ours = {"standardise/mean": own["standardise/mean"] + 0.1, "standardise/std": own["standardise/std"] * 1.2}
    expected = ((1 - 1 / 1.2) ** 2 + (0.1 / ours["standardise/std"]).square().mean().item()) ** 0.5
    assert moved(images, ours, own) == pytest.approx(expected, rel=1e-4)
