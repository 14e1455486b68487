"""Geometry against torchvision under the same parameters, and the distributions of the parameters."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import InterpolationMode, functional

from rdfia.data.geometry import Affine, Perspective, Rotation, homography, warp

SIDES = [(12, 12), (11, 16)]


def images(height: int, width: int, count: int = 32) -> Tensor:
    return torch.randn(count, 3, height, width, generator=Generator().manual_seed(0))


def nearly_equal(y: Tensor, expected: Tensor, interpolation: str) -> bool:
    """Compare to 1e-4 if bilinear; if nearest, except one pixel in 100, where rounding selects another neighbour."""
    if interpolation == "bilinear":
        return torch.allclose(y, expected, atol=1e-4, rtol=0)
    return bool((y != expected).float().mean() < 1e-2)


@pytest.mark.parametrize(("height", "width"), SIDES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_rotation_equals_torchvision(interpolation: Any, height: int, width: int) -> None:
    x, rotation = images(height, width), Rotation(degrees=180, interpolation=interpolation)
    parameters = rotation.sample(x.shape, Generator().manual_seed(0))
    mode = InterpolationMode(interpolation)
    expected = torch.stack([functional.rotate(i, a, mode) for i, a in zip(x, parameters.tolist(), strict=True)])
    assert nearly_equal(rotation.apply(x, parameters), expected, interpolation)


@pytest.mark.parametrize(("height", "width"), SIDES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_affine_equals_torchvision(interpolation: Any, height: int, width: int) -> None:
    augment = Affine(degrees=90, translate=0.3, scale=(0.5, 2.0), shear=40, interpolation=interpolation)
    x = images(height, width)
    parameters = augment.sample(x.shape, Generator().manual_seed(0))
    parameters[:, 5] = torch.linspace(-20, 20, len(x))  # and the second shear
    mode = InterpolationMode(interpolation)
    expected = torch.stack(
        [
            functional.affine(image, angle, [int(shift_x), int(shift_y)], scale, shear, mode)
            for image, (angle, shift_x, shift_y, scale, *shear) in zip(x, parameters.tolist(), strict=True)
        ]
    )
    assert nearly_equal(augment.apply(x, parameters), expected, interpolation)


@pytest.mark.parametrize(("height", "width"), SIDES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_perspective_equals_torchvision(interpolation: Any, height: int, width: int) -> None:
    x, augment = images(height, width), Perspective(p=1.0, interpolation=interpolation)
    shifts = augment.sample(x.shape, Generator().manual_seed(0))
    old = torch.tensor([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    new = old + shifts * torch.tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    mode = InterpolationMode(interpolation)
    expected = torch.stack(
        [functional.perspective(i, old.tolist(), n.tolist(), mode) for i, n in zip(x, new, strict=True)]
    )
    assert nearly_equal(augment.apply(x, shifts), expected, interpolation)


def test_a_homography_maps_the_corners() -> None:
    old = torch.tensor([[0.0, 0], [9, 0], [9, 9], [0, 9]], dtype=torch.float64).expand(16, 4, 2)
    new = old + torch.rand(16, 4, 2, generator=Generator().manual_seed(0))
    points = homography(new, old) @ torch.nn.functional.pad(new, (0, 1), value=1.0).mT
    torch.testing.assert_close((points[:, :2] / points[:, 2:]).mT, old, atol=1e-10, rtol=0)


def test_the_identity_leaves_the_images_unchanged() -> None:
    x = images(9, 12)
    torch.testing.assert_close(warp(x, torch.eye(3).expand(32, 3, 3), "bilinear"), x, atol=1e-5, rtol=0)
    still = (Rotation(degrees=0), Affine(degrees=0, translate=0, scale=(1, 1), shear=0), Perspective(p=0.0))
    for augment in still:
        torch.testing.assert_close(augment(x, Generator()), x, atol=1e-5, rtol=0)


def test_collinear_corners_give_an_empty_image_without_nan() -> None:
    shifts = torch.tensor([[[0, 0], [0, 0], [9, 0], [0, 9]], [[14, 14], [3, 0], [0, 0], [0, 3]]])
    y = Perspective(distortion=1.0).apply(torch.ones(2, 1, 32, 32), shifts)
    assert y.isfinite().all()
    assert 0 <= y.min() <= y.max() <= 1.0001


def test_angles_shifts_and_scales_are_uniform_in_their_ranges() -> None:
    parameters = Affine(degrees=30, translate=0.25, scale=(0.5, 1.5), shear=10).sample((6000, 3, 32, 16), Generator())
    low, high = parameters.aminmax(dim=0)
    limits = torch.tensor([30, 4, 8, 0, 10, 0.0])
    assert ((high - limits) <= 0)[[0, 1, 2, 4, 5]].all()
    assert (high - limits).abs()[[0, 1, 2, 4, 5]].max() < 0.1
    assert (low + limits).abs()[[0, 1, 2, 4, 5]].max() < 0.1
    assert 0.5 <= low[3] < 0.51
    assert 1.49 < high[3] <= 1.5
    assert (parameters.mean(0) - torch.tensor([0, 0, 0, 1, 0, 0])).abs().max() < 0.7
    assert torch.equal(parameters[:, 1:3], parameters[:, 1:3].round())


def test_rotation_angles_are_uniform() -> None:
    angles = Rotation(degrees=20).sample((6000, 3, 4, 4), Generator())
    assert abs(angles.mean().item()) < 0.5
    assert abs(angles.std().item() - 20 / 3**0.5) < 0.3
    assert 19.9 < angles.abs().max() <= 20


def test_corner_shifts_have_the_distribution_of_torchvision() -> None:
    shifts = Perspective(distortion=0.5, p=0.6).sample((8000, 3, 32, 16), Generator())
    happened = shifts.flatten(1).any(1)
    assert abs(happened.float().mean().item() - 0.6) < 0.02
    assert shifts.amin() == 0
    assert shifts.amax((0, 1)).tolist() == [4, 8]
    counts = torch.bincount(shifts[happened][:, 2, 1], minlength=9)
    assert (counts - counts.sum() / 9).abs().max() < 5 * (counts.sum() / 9) ** 0.5
