"""Windows and flips against torchvision, their distributions, and properties of every augmentation."""

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data.augment import AUGMENTATIONS, Augmentations, CentreCrop, Crop, HorizontalFlip, VerticalFlip, crop


def images(count: int = 16, channels: int = 3, size: int = 12) -> Tensor:
    return torch.rand(count, channels, size, size, generator=Generator().manual_seed(0))


def test_a_crop_equals_torchvision() -> None:
    from torchvision.transforms.v2.functional import crop as reference

    x = images()
    tops, lefts = torch.arange(16) % 5, torch.arange(16) % 4
    expected = torch.stack([reference(i, int(t), int(s), 8, 8) for i, t, s in zip(x, tops, lefts, strict=True)])
    assert torch.equal(crop(x, tops, lefts, 8), expected)


def test_a_padded_crop_equals_torchvision() -> None:
    from torchvision.transforms.v2.functional import crop as reference
    from torchvision.transforms.v2.functional import pad

    x, augment = images(), Crop(size=12, padding=4)
    parameters = augment.sample(x.shape, Generator().manual_seed(0))
    padded = pad(x, [4])
    expected = torch.stack([reference(i, *map(int, d), 12, 12) for i, d in zip(padded, parameters, strict=True)])
    assert torch.equal(augment.apply(x, parameters), expected)
    assert torch.equal(augment.evaluate(x), x)


@pytest.mark.parametrize("kind", [Crop, CentreCrop])
def test_the_centre_crop_equals_torchvision(kind: Any) -> None:
    from torchvision.transforms.v2.functional import center_crop

    for size in (12, 11, 8, 7):
        assert torch.equal(kind(size=size).evaluate(images()), center_crop(images(), [size, size]))


@pytest.mark.parametrize("size", [13, 14, 16])
def test_a_window_larger_than_the_image_shows_its_padding(size: int) -> None:
    from torchvision.transforms.v2.functional import center_crop

    augment = Crop(size=size, padding=2)
    assert torch.equal(augment.evaluate(images()), center_crop(images(), [size, size]))
    assert augment(images(), Generator()).shape == augment.evaluate(images()).shape


def test_a_centre_window_is_the_same_in_training() -> None:
    augment = CentreCrop(size=8)
    assert torch.equal(augment(images(), Generator()), augment.evaluate(images()))


@pytest.mark.parametrize(("padding", "places"), [(0, 5), (2, 9)])
def test_every_window_is_equally_frequent(padding: int, places: int) -> None:
    rows = torch.arange(1.0, 13).view(1, 1, 12, 1).expand(9000, 1, 12, 12)
    y = Crop(size=8, padding=padding)(rows, Generator().manual_seed(0))
    # the value of the row y[4] gives the top of the window
    counts = torch.bincount(y[:, 0, 4, 4].long())
    counts = counts[counts > 0]
    assert len(counts) == places
    assert (counts - 9000 / places).abs().max() < 6 * (9000 / places) ** 0.5


@pytest.mark.parametrize("kind", [HorizontalFlip, VerticalFlip])
def test_flips_equal_torchvision_and_have_the_frequency_p(kind: type) -> None:
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


@pytest.mark.parametrize("kind", [Crop, CentreCrop])
def test_a_window_larger_than_the_padded_image_is_an_error(kind: Any) -> None:
    with pytest.raises(ConfigError, match=rf"augment\.{kind().name}\.size: found 28, allowed: at most 12"):
        kind(size=28).evaluate(images())


def random(augment: Any) -> bool:
    """Whether an augmentation draws any number."""
    return bool(augment.sample(images().shape, Generator().manual_seed(0)).numel())


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_the_same_seed_gives_the_same_images(kind: Any) -> None:
    augment = kind.for_side(12)
    first, second = (augment(images(), Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    other = augment(images(), Generator().manual_seed(4))
    assert torch.equal(first, other) == (not random(augment))


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_training_and_evaluation_give_the_same_shape(kind: Any, channels: int) -> None:
    x, augment = images(channels=channels), kind.for_side(12)
    before = x.clone()
    y = augment(x, Generator().manual_seed(0))
    assert y.shape == augment.evaluate(x).shape
    assert y.isfinite().all()
    assert torch.equal(x, before)
    if augment.space == "pixels":
        assert 0 <= y.min() <= y.max() <= 1


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_each_image_has_its_own_parameters(kind: Any) -> None:
    one = images(1).expand(64, -1, -1, -1)
    augment = kind.for_side(12)
    y = augment(one, Generator().manual_seed(0))
    distinct = len(y.flatten(1).unique(dim=0))
    if not random(augment):
        assert distinct == 1
        return
    least = {"horizontal_flip": 2, "vertical_flip": 2, "crop": 4, "erasing": 20, "perspective": 20}
    assert distinct >= least.get(augment.name, 30)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_mixed_precision_does_not_round_an_image(kind: Any) -> None:
    augment = kind.for_side(12)
    parameters = augment.sample(images().shape, Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = augment.apply(images(), parameters)
    assert torch.equal(y, augment.apply(images(), parameters))


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_every_augmentation_can_be_named_in_the_parameters(kind: Any) -> None:
    augment = kind.for_side(12)
    assert TypeAdapter(Augmentations).validate_python([augment.model_dump()]) == (augment,)


def test_a_name_stands_for_an_augmentation_with_its_usual_settings() -> None:
    read = TypeAdapter(Augmentations).validate_python(["horizontal_flip", {"name": "crop"}])
    assert read == (HorizontalFlip(), Crop())


def test_a_range_is_two_numbers_in_order() -> None:
    adapter = TypeAdapter(Augmentations)
    assert adapter.validate_python([{"name": "affine", "scale": [0.8, 1]}])[0].scale == (0.8, 1.0)  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="the smaller one first"):
        adapter.validate_python([{"name": "blur", "sigma": [2, 1]}])
