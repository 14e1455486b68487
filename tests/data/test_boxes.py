"""Erased rectangles against torchvision and the published code, and their distributions."""

import torch
from torch import Generator
from torchvision.transforms.v2 import RandomErasing, functional

from rdfia.data.boxes import Cutout, Erasing, box_mask


def test_erasing_equals_torchvision() -> None:
    x, augment = torch.rand(64, 3, 12, 16, generator=Generator().manual_seed(0)), Erasing(p=1.0)
    boxes = augment.sample(x.shape, Generator().manual_seed(0))
    expected = torch.stack(
        [
            functional.erase(image, top, left, bottom - top, right - left, torch.zeros(3, 1, 1))
            for image, (top, left, bottom, right) in zip(x, boxes.tolist(), strict=True)
        ]
    )
    assert torch.equal(augment.apply(x, boxes), expected)


def test_erased_rectangles_have_the_distribution_of_torchvision() -> None:
    count, reference = 1500, RandomErasing(p=1.0)
    torch.manual_seed(0)
    theirs = [reference.make_params([torch.zeros(3, 32, 32)]) for _ in range(count)]
    expected = torch.tensor([[p["i"], p["j"], p["h"], p["w"]] for p in theirs]).double()
    boxes = Erasing(p=1.0).sample((count, 3, 32, 32), Generator().manual_seed(0)).double()
    ours = torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    for mine, their in zip(ours.T, expected.T, strict=True):
        places = torch.arange(33)
        below = ((sample[:, None] <= places).double().mean(0) for sample in (mine, their))
        # Kolmogorov and Smirnov at a level of about 1e-4
        assert (next(below) - next(below)).abs().max() < 2.2 * (2 / count) ** 0.5


def test_erasing_stays_inside_and_has_the_frequency_p() -> None:
    boxes = Erasing(p=0.3).sample((5000, 3, 9, 14), Generator())
    top, left, bottom, right = boxes.unbind(1)
    assert abs((bottom > top).float().mean().item() - 0.3) < 0.03
    assert torch.equal(bottom > top, right > left)
    assert boxes.min() >= 0
    assert bottom.max() == 9
    assert right.max() == 14


def test_a_rectangle_that_never_fits_erases_nothing() -> None:
    x = torch.rand(8, 1, 6, 6)
    assert torch.equal(Erasing(p=1.0, scale=(1.0, 1.0), ratio=(1.0, 1.0))(x, Generator()), x)


def test_cutout_equals_the_published_code() -> None:
    x, augment = torch.rand(64, 3, 12, 16), Cutout(size=6)
    boxes = augment.sample(x.shape, Generator().manual_seed(0))
    expected = x.clone()
    for image, (y, z) in zip(expected, (boxes[:, :2] + 3).tolist(), strict=True):
        image[:, max(y - 3, 0) : min(y + 3, 12), max(z - 3, 0) : min(z + 3, 16)] = 0
    assert torch.equal(augment.apply(x, boxes), expected)


def test_the_centre_of_a_cutout_is_uniform() -> None:
    middles = Cutout(size=6).sample((8000, 3, 10, 10), Generator())[:, :2] + 3
    for column in middles.T:
        counts = torch.bincount(column, minlength=10)
        assert (counts - 800).abs().max() < 5 * 800**0.5
        assert len(counts) == 10


def test_a_box_includes_its_first_row_and_excludes_its_last() -> None:
    mask = box_mask(torch.tensor([[1, 2, 3, 4], [2, 2, 2, 2]]), (2, 3, 4, 5))
    assert mask.shape == (2, 1, 4, 5)
    assert mask[0, 0].nonzero().tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]
    assert not mask[1].any()
