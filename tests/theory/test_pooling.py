"""What a change of the image does to features, with and without pooling."""

import pytest
import torch

from rdfia.data.store import Split
from rdfia.theory.pooling import CHANGES, Pooling, changed, moved, shifted, smooth, turned

GENERATOR = torch.Generator().manual_seed(3)
PICTURES = smooth(2, GENERATOR)
FILTERS = torch.randn(4, 1, 5, 5, generator=GENERATOR)
INNER = (..., slice(20, -20), slice(20, -20))


def test_a_shift_by_whole_pixels_is_a_roll() -> None:
    torch.testing.assert_close(moved(PICTURES, shifted(4))[INNER], PICTURES.roll(-4, -1)[INNER], atol=1e-4, rtol=1e-4)


def test_half_a_turn_is_both_flips() -> None:
    torch.testing.assert_close(moved(PICTURES, turned(180)), PICTURES.flip(2, 3), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(moved(PICTURES, CHANGES["mirrored"]), PICTURES.flip(3), atol=1e-3, rtol=1e-3)


def test_nothing_changes_without_a_change_nor_behind_a_window_that_is_shifted_by_itself() -> None:
    assert changed(PICTURES, moved(PICTURES, turned(0)), FILTERS, 1) < 1e-3
    tiles = torch.randn(1, 1, 8, 8, generator=GENERATOR).repeat(1, 1, 12, 12)
    assert changed(tiles, tiles.roll(3, -1), FILTERS, 1) > 0.5
    assert changed(tiles, tiles.roll(3, -1), FILTERS, 8) < 1e-5  # every window of 8 holds the whole tile


def test_pooling_tolerates_small_shifts_and_not_turns(circles: Split) -> None:
    shares = Pooling().answer(circles).facts["changed"]
    for small in ("shifted by 1 pixel", "shifted by 2 pixels"):
        assert shares[small][-1] < 0.8 * shares[small][0]
    for whole in ("turned by 180°", "mirrored"):
        assert shares[whole] == pytest.approx([1] * 4, abs=0.15)
    assert shares["turned by 15°"][1] > 0.8
