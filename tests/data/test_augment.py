"""Augmentations against torchvision, and their draws against the distributions they promise."""

import pytest
import torch
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data.augment import (
    AUGMENTATIONS,
    Crop,
    HorizontalFlip,
    Jitter,
    VerticalFlip,
    adjust_brightness,
    adjust_contrast,
    crop,
)


def images(count: int = 16, channels: int = 3, size: int = 12) -> Tensor:
    return torch.rand(count, channels, size, size, generator=Generator().manual_seed(0))


def test_each_window_is_torchvisions_crop() -> None:
    from torchvision.transforms.v2.functional import crop as reference

    x = images()
    tops, lefts = torch.arange(16) % 5, torch.arange(16) % 4
    expected = torch.stack([reference(i, int(t), int(s), 8, 8) for i, t, s in zip(x, tops, lefts, strict=True)])
    assert torch.equal(crop(x, tops, lefts, 8), expected)


def test_the_centre_is_torchvisions() -> None:
    from torchvision.transforms.v2.functional import center_crop

    for size in (12, 11, 8, 7):
        assert torch.equal(Crop(size=size).evaluate(images()), center_crop(images(), [size, size]))


@pytest.mark.parametrize(("padding", "places"), [(0, 5), (2, 9)])
def test_every_window_is_drawn_alike(padding: int, places: int) -> None:
    rows = torch.arange(1.0, 13).view(1, 1, 12, 1).expand(9000, 1, 12, 12)
    y = Crop(size=8, padding=padding)(rows, Generator().manual_seed(0))
    # the row that stands at y[4] tells where the window began
    counts = torch.bincount(y[:, 0, 4, 4].long())
    counts = counts[counts > 0]
    assert len(counts) == places
    assert (counts - 9000 / places).abs().max() < 6 * (9000 / places) ** 0.5


@pytest.mark.parametrize("kind", [HorizontalFlip, VerticalFlip])
def test_flips_are_torchvisions_and_as_frequent_as_asked(kind: type) -> None:
    from torchvision.transforms.v2 import functional

    reference = functional.hflip if kind is HorizontalFlip else functional.vflip
    x = images(4000, size=4)
    y = kind(p=0.3)(x, Generator().manual_seed(0))
    flipped = (y == reference(x)).flatten(1).all(1)
    same = (y == x).flatten(1).all(1)
    assert bool((flipped ^ same).all())
    assert abs(flipped.float().mean().item() - 0.3) < 0.03
    assert torch.equal(kind(p=0.0)(x, Generator()), x)
    assert torch.equal(kind(p=1.0)(x, Generator()), reference(x))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [0.6, 1.0, 1.4])
def test_colours_are_torchvisions(factor: float, channels: int) -> None:
    from torchvision.transforms.v2 import functional

    x = images(channels=channels)
    factors = torch.full((16, 1, 1, 1), factor)
    torch.testing.assert_close(adjust_brightness(x, factors), functional.adjust_brightness(x, factor))
    torch.testing.assert_close(adjust_contrast(x, factors), functional.adjust_contrast(x, factor), atol=1e-4, rtol=1e-4)


def test_colour_factors_are_uniform_and_each_images_own() -> None:
    grey = torch.full((5000, 1, 2, 2), 0.5)
    y = Jitter(brightness=0.4, contrast=0.0)(grey, Generator().manual_seed(0))[:, 0, 0, 0] / 0.5
    assert 0.6 <= y.min() < 0.61
    assert 1.39 < y.max() <= 1.4
    assert abs(y.mean().item() - 1) < 0.02
    assert len(y.unique()) > 4000


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_the_same_generator_draws_the_same_images(kind: type) -> None:
    augment = Crop(size=8) if kind is Crop else kind()
    first, second = (augment(images(), Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, augment(images(), Generator().manual_seed(4)))


def test_a_window_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ConfigError, match="found 28, allowed: at most 12"):
        Crop(size=28).evaluate(images())
