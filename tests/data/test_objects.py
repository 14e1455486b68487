"""Objects: the classes differ in shape, and not in their means."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from rdfia.data.forms import FORMS
from rdfia.data.objects import Objects
from rdfia.data.store import RawData, Split
from tests.data.test_circles import NOWHERE

EXACT = {"clutter": 0.0, "wander": 0.0, "turn": 0.0, "faint": 1.0, "cast": 0.0, "noise": 0.0}


@pytest.fixture(scope="module")
def raw() -> RawData:
    return Objects(train=2000, test=1000).load(NOWHERE)


def _features(split: Split, deviations: bool) -> Tensor:
    pixels = split.x.double().flatten(2)  # (N, 3, 1024)
    return torch.cat((pixels.mean(dim=2), pixels.std(dim=2)), dim=1) if deviations else pixels.mean(dim=2)


def _linear_discriminant_accuracy(train: Tensor, y: Tensor, test: Tensor, truth: Tensor) -> float:
    """Return the accuracy of Fisher's linear discriminant: the nearest mean under the pooled covariance."""
    means = torch.stack([train[y == label].mean(dim=0) for label in range(10)])
    precision = torch.linalg.inv(torch.cov((train - means[y]).T))
    scores = test @ precision @ means.T - 0.5 * ((means @ precision) * means).sum(dim=1)
    return float((scores.argmax(dim=1) == truth).double().mean())


def test_shape_counts_and_balance(raw: RawData) -> None:
    assert raw.train.x.shape == (2000, 3, 32, 32)
    assert raw.train.x.dtype == torch.uint8
    assert raw.classes == tuple(FORMS)
    assert torch.bincount(raw.train.y).tolist() == [200] * 10
    assert torch.bincount(raw.test.y).tolist() == [100] * 10


@pytest.mark.parametrize("deviations", [False, True], ids=["mean colour", "mean and deviation"])
def test_colour_does_not_separate_the_classes(raw: RawData, deviations: bool) -> None:
    train, test = _features(raw.train, deviations), _features(raw.test, deviations)
    assert _linear_discriminant_accuracy(train, raw.train.y, test, raw.test.y) < 0.2


def _nearest_accuracy(settings: dict[str, float]) -> float:
    """Return the accuracy of the nearest train image, by the correlation of the grey values."""
    raw = Objects(train=1000, test=1000, **settings).load(NOWHERE)
    train, test = (_normalised(split.x.double().mean(dim=1).flatten(1)) for split in (raw.train, raw.test))
    return float((raw.train.y[torch.cdist(test, train).argmin(dim=1)] == raw.test.y).double().mean())


def test_the_nearest_train_image_classifies_upright_shapes() -> None:
    assert _nearest_accuracy(EXACT) > 0.75


def test_the_settings_make_the_task_harder() -> None:
    assert 0.2 < _nearest_accuracy({}) < 0.7


def _normalised(images: Tensor) -> Tensor:
    return torch.nn.functional.normalize(images - images.mean(dim=1, keepdim=True), dim=1)


points = st.floats(-1.5, 1.5).map(lambda value: torch.tensor([value], dtype=torch.float64))


@pytest.mark.parametrize("name", FORMS)
@given(points, points)
def test_every_shape_is_its_own_mirror_image(name: str, x: Tensor, y: Tensor) -> None:
    assert FORMS[name](x, y).item() == pytest.approx(FORMS[name](-x, y).item(), abs=1e-9)


@pytest.mark.parametrize("name", FORMS)
def test_every_shape_fills_its_frame(name: str) -> None:
    axis = torch.linspace(-2, 2, 401)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    inside = FORMS[name](x, y) < 0
    area = float(inside.double().mean()) * 16
    assert 1 < area < 2.5
    assert 0.8 < float(torch.hypot(x, y)[inside].max()) < 1.3


def test_the_seed_determines_the_images_and_the_splits_differ() -> None:
    first, again, other = (Objects(train=40, test=40, seed=seed).load(NOWHERE) for seed in (0, 0, 1))
    assert torch.equal(first.train.x, again.train.x)
    for other_split in (first.test, other.train, other.test):
        assert not torch.equal(first.train.x, other_split.x)


def test_the_number_of_train_images_does_not_change_the_test_images() -> None:
    few, many = (Objects(train=count, test=40).load(NOWHERE).test for count in (40, 80))
    assert torch.equal(few.x, many.x)
