"""Contact sheets, and the variance of images along the eigenvectors of train."""

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import Generator, Tensor

from rdfia.data import sheets
from rdfia.data.augment import AUGMENTATIONS, Augmentation
from rdfia.data.normalise import NORMALISERS, ZCA, Normaliser, fit_all, to_unit
from rdfia.data.store import Split


def split(count: int, seed: int = 0, size: int = 6) -> Split:
    """Return smoothed random images of four classes."""
    noise = torch.rand(count, 3, size + 2, size + 2, generator=Generator().manual_seed(seed))
    return Split((torch.nn.functional.avg_pool2d(noise, 3, 1) * 255).to(torch.uint8), torch.arange(count) % 4)


def rows(x: Tensor) -> np.ndarray:
    return to_unit(x).double().flatten(1).numpy()


def test_whitening_is_shown_with_validation_images() -> None:
    train, validation = split(80, size=16), split(40, seed=1, size=16)
    fitted = fit_all(train.x)
    without_validation, with_validation = (
        sheets.contact_sheets(train, fitted),
        sheets.contact_sheets(train, fitted, validation),
    )
    additional = with_validation.keys() - without_validation.keys()
    assert {key.split("/")[0] for key in additional} == {"whitening", "directions"}
    assert all(torch.equal(with_validation[key], without_validation[key]) for key in without_validation)
    pictures = [with_validation[key] for key in additional if key.startswith("whitening/")]
    assert all(x.shape == (1, 4, 3, 16, 16) and x.dtype == torch.uint8 for x in pictures)
    assert len({x.numpy().tobytes() for x in pictures}) == len(pictures)  # every setting shows something else
    assert torch.equal(with_validation["whitening/raw"][0], validation.x[:4])


def test_every_normaliser_and_augmentation_of_the_unions_has_a_contact_sheet() -> None:
    train = split(40, size=16)
    shown = sheets.contact_sheets(train, fit_all(train.x)).keys()
    for group, union in (("normalise", Normaliser), ("augment", Augmentation)):
        names = TypeAdapter(union).json_schema()["discriminator"]["mapping"]
        assert {key for key in shown if key.startswith(f"{group}/")} == {f"{group}/{name}" for name in names}


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 1, 7), (3, 7, 1), (1, 2, 2), (3, 2, 9), (3, 5, 8)])
def test_images_of_any_size_have_a_sheet_of_all_that_fits(shape: tuple[int, int, int], equal: bool) -> None:
    x = torch.randint(256, (24, *shape), generator=Generator().manual_seed(0), dtype=torch.uint8)
    train = Split(x * 0 + 7 if equal else x, torch.arange(24) % 2)
    shown = sheets.contact_sheets(train, fit_all(train.x), train)
    kinds = {key.split("/")[1] for key in shown if key.startswith(("normalise/", "augment/"))}
    hidden = sheets.unsuitable(shape)
    every = {kind().name for kind in NORMALISERS} | {kind.for_side(min(shape[1:])).name for kind in AUGMENTATIONS}
    assert kinds | hidden.keys() == every
    assert hidden.keys() == ({"patch_zca", "blur"} if min(shape[1:]) < 3 else set())
    assert all(f"allowed: at most {allowed}" in why for why, allowed in zip(hidden.values(), fits(shape), strict=False))


def fits(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return the largest patch, and the largest kernel of a blur with mirrored borders."""
    return min(shape[1:]), 2 * min(shape[1:]) - 1


def test_points_have_no_contact_sheets() -> None:
    points = Split(torch.randn(20, 2, generator=Generator().manual_seed(0)), torch.arange(20) % 2)
    assert sheets.contact_sheets(points, fit_all(points.x), points) == {}
    assert sheets.unsuitable((2,)) == {}


def test_variances_along_the_eigenvectors_equal_numpy() -> None:
    train, other = split(400).x, split(300, seed=2).x
    fitted = fit_all(train, (ZCA,))
    variances = sheets.directions(train, other, fitted)
    values, vectors = np.linalg.eigh(np.cov(rows(train).T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    other_along = ((rows(other) - rows(train).mean(0)) @ vectors) ** 2
    np.testing.assert_allclose(variances["directions/train"][0], values, rtol=1e-3)
    np.testing.assert_allclose(variances["directions/validation"][0], other_along.mean(0), rtol=2e-2)
    for row, epsilon in enumerate(sheets.EPSILONS, 1):
        ridge = epsilon * values.mean()
        np.testing.assert_allclose(variances["directions/train"][row], values / (values + ridge), rtol=1e-3)


def test_a_tiny_ridge_amplifies_directions_outside_the_train_images() -> None:
    train, other = split(60).x, split(50, seed=2).x  # 60 images span 59 of 108 directions
    variances = sheets.directions(train, other, fit_all(train, (ZCA,)))
    assert variances["directions/measured"].tolist() == [50]
    assert variances["directions/train"][:, 59:].abs().max() == 0
    whole = ((rows(other) - rows(train).mean(0)) ** 2).mean(0).sum()
    np.testing.assert_allclose(variances["directions/validation"][0].sum(), whole, rtol=1e-4)  # nothing is lost
    gentle, *_, tiny = variances["directions/validation"][1:].sum(1)
    assert tiny > 100 * gentle


def test_variances_agree_with_whitened_images() -> None:
    train, other = split(60).x, split(50, seed=2).x
    fitted = fit_all(train, (ZCA,))
    variances = sheets.directions(train, other, fitted)["directions/validation"]
    for row, epsilon in enumerate(sheets.EPSILONS, 1):
        y = ZCA(epsilon=epsilon).build(fitted)(to_unit(other))
        np.testing.assert_allclose(variances[row].sum(), y.flatten(1).square().sum(1).mean(), rtol=1e-3)
