"""Histograms of oriented gradients: their invariances, and the bins of directions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.models.hog import HOG, OrientedGradients

BINS = 8


def layer(cell: int = 4) -> OrientedGradients:
    built = HOG(orientations=BINS, cell=cell).build((1, 16, 16))
    assert isinstance(built, OrientedGradients)
    return built


def images(count: int = 3, channels: int = 1) -> Tensor:
    return torch.rand(count, channels, 16, 16, generator=Generator().manual_seed(0))


def ramp(angle: float, size: int = 32) -> Tensor:
    """Return a linear ramp along `angle`, below white."""
    line = torch.arange(size) / (2 * size)
    return (math.cos(angle) * line.view(1, -1) + math.sin(angle) * line.view(-1, 1)).view(1, 1, size, size)


@pytest.mark.parametrize("light", [0.0, 0.4, 1.0])
def test_a_constant_image_has_no_gradient(light: float) -> None:
    assert torch.equal(layer()(torch.full((2, 3, 16, 16), light)), torch.zeros(2, 9 * 4 * BINS))


@given(st.floats(0, math.pi))
def test_a_ramp_shares_its_votes_between_the_two_nearest_bins(angle: float) -> None:
    inner = layer().cells(ramp(angle))[0, :, 2:-2, 2:-2]  # away from the border, where a difference has one side
    place = angle / math.pi * BINS
    below, above = math.floor(place), math.floor(place) + 1
    expected = torch.zeros(BINS)
    expected[below % BINS] += above - place
    expected[above % BINS] += place - below
    length = 1 / 64
    torch.testing.assert_close(inner, (expected * length).view(-1, 1, 1).expand_as(inner), atol=2e-6, rtol=0)


def test_features_are_invariant_to_brightness_and_nearly_to_contrast() -> None:
    x = images()
    torch.testing.assert_close(layer()(x / 2 + 0.3), layer()(x / 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(layer()(x / 5), layer()(x), atol=1e-3, rtol=0)
    torch.testing.assert_close(layer()(1 - x), layer()(x), atol=1e-5, rtol=0)  # unsigned: black on white is the same


def test_a_quarter_turn_turns_the_cells_and_moves_the_bins_by_half() -> None:
    x = images()
    turned = layer().cells(torch.rot90(x, 1, (2, 3)))
    expected = torch.rot90(layer().cells(x), 1, (2, 3)).roll(BINS // 2, 1)
    torch.testing.assert_close(turned, expected, atol=1e-6, rtol=0)


def test_every_block_with_edges_has_norm_one() -> None:
    blocks = layer().blocks(layer().cells(images()))
    assert blocks.shape == (3, 3, 3, 4 * BINS)
    torch.testing.assert_close(blocks.norm(dim=-1), torch.ones(3, 3, 3), atol=1e-3, rtol=0)


def test_the_channel_with_the_largest_gradient_is_used() -> None:
    grey = images()
    colours = torch.cat((grey / 3, grey, torch.zeros_like(grey)), 1)
    assert torch.equal(layer()(colours), layer()(grey))


def test_pixels_beyond_whole_cells_are_ignored() -> None:
    x = images()
    changed = x.clone()
    changed[..., 15] = 0  # cells of 7 end at column 13, and the last difference within them reaches column 14
    assert torch.equal(layer(7)(changed), layer(7)(x))


def test_images_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"model\.features\.cell: found 9, allowed: 1 to 8"):
        HOG(cell=9).build((1, 16, 20))
    with pytest.raises(ConfigError, match=r"model\.features: found hog, allowed: pixels"):
        HOG().build((2,))
