"""Digits: they resemble MNIST, and no original is in two splits."""

from pathlib import Path

import pytest
import torch

from rdfia.data.digits import ORIGINALS_TEST, Digits, _originals, _warp_originals
from rdfia.data.sources import Dataset
from rdfia.data.store import RawData

NOWHERE = Path("nowhere")


@pytest.fixture(scope="module")
def raw() -> RawData:
    return Digits(train=2000, test=300).load(NOWHERE)


def test_shape_counts_and_classes(raw: RawData) -> None:
    assert raw.train.x.shape == (2000, 1, 28, 28)
    assert len(raw.test) == 300
    assert raw.train.x.dtype == torch.uint8
    assert raw.classes == tuple("0123456789")
    assert set(raw.train.y.tolist()) == set(raw.test.y.tolist()) == set(range(10))


def test_white_on_black_and_centred_as_in_mnist(raw: RawData) -> None:
    images = raw.train.x.double().squeeze(1) / 255
    assert images[:, [0, -1], :].max() < 0.1
    assert images[:, :, [0, -1]].max() < 0.1
    assert 0.08 < images.mean() < 0.25
    centre = (images.mean(dim=0).sum(dim=0) * torch.arange(28)).sum() / images.mean(dim=0).sum()
    assert centre == pytest.approx(13.5, abs=1)


def test_no_two_images_are_equal(raw: RawData) -> None:
    assert len(torch.unique(raw.train.x.flatten(1), dim=0)) == 2000


def test_an_original_is_in_one_split_only() -> None:
    splits, _ = Dataset(source=Digits(train=2800, test=400), validation=300).prepare("digits", NOWHERE)
    assert len(splits["validation"]) == 300
    raw = Digits(train=2800, test=400).load(NOWHERE)
    home = {image.numpy().tobytes(): int(group) for image, group in zip(raw.train.x, raw.groups, strict=True)}
    train, validation = ({home[i.numpy().tobytes()] for i in splits[name].x} for name in ("train", "validation"))
    assert not train & validation
    assert len(home.values()) == 2800
    assert len(set(home.values())) == 1797 - ORIGINALS_TEST


def test_warps_of_an_original_are_consecutive_and_equally_frequent() -> None:
    chosen = torch.tensor([5, 900, 17])
    split, index = _warp_originals(_originals(), chosen, 7, torch.Generator().manual_seed(0))
    assert index.tolist() == [5, 5, 5, 900, 900, 17, 17]
    assert torch.equal(split.y, _originals().y[index])


def test_the_seed_determines_the_images() -> None:
    first, again, other = (Digits(train=50, test=10, seed=seed).load(NOWHERE).train.x for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_nearest_train_image_classifies_most_digits(raw: RawData) -> None:
    nearest = torch.cdist(raw.test.x.flatten(1).float(), raw.train.x.flatten(1).float()).argmin(dim=1)
    assert (raw.train.y[nearest] == raw.test.y).double().mean() > 0.9
