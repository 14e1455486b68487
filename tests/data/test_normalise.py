"""Normalisers against NumPy and against what they promise."""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from rdfia.data.normalise import NORMALISERS, ZCA, MeanImage, Standardise, fit_all, to_unit


def images(count: int, seed: int = 0, size: int = 6) -> Tensor:
    """Random smooth-ish bytes (count, 3, size, size): neighbours are correlated, as in pictures."""
    noise = torch.rand(count, 3, size + 2, size + 2, generator=Generator().manual_seed(seed))
    return (torch.nn.functional.avg_pool2d(noise, 3, 1) * 255).to(torch.uint8)


def test_bytes_become_fractions_and_points_stay() -> None:
    assert to_unit(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx([0, 0.2, 1])
    points = torch.tensor([[-2.0, 2.0]])
    assert to_unit(points) is points


def test_standardised_channels_have_mean_zero_and_deviation_one() -> None:
    x = images(200)
    y = Standardise().build(fit_all(x))(to_unit(x))
    assert y.mean((0, 2, 3)).abs().max() < 1e-5
    assert (y.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_standardising_equals_numpy() -> None:
    x = images(50)
    z = x.numpy().astype(np.float64) / 255
    expected = (z - z.mean((0, 2, 3), keepdims=True)) / z.std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(Standardise().build(fit_all(x))(to_unit(x)), expected, atol=1e-5)


def test_points_are_standardised_by_coordinate() -> None:
    x = torch.randn(300, 2, generator=Generator().manual_seed(1)) * torch.tensor([1.0, 5.0]) + 3
    y = Standardise().build(fit_all(x))(x)
    assert y.mean(0).abs().max() < 1e-5
    assert (y.std(0, correction=0) - 1).abs().max() < 1e-5


def test_a_constant_channel_stays_finite() -> None:
    x = torch.full((10, 1, 4, 4), 7, dtype=torch.uint8)
    assert torch.isfinite(Standardise().build(fit_all(x))(to_unit(x))).all()


def test_the_mean_image_is_taken_away() -> None:
    x = images(40)
    y = MeanImage().build(fit_all(x))(to_unit(x))
    np.testing.assert_allclose(y, to_unit(x) - to_unit(x).mean(0), atol=1e-6)


@pytest.mark.parametrize("count", [60, 400])  # fewer and more images than the 108 values of each
@pytest.mark.parametrize("epsilon", [1e-2, 1.0])
def test_whitened_covariance_is_lambda_over_lambda_plus_epsilon(count: int, epsilon: float) -> None:
    x = images(count)
    y = ZCA(epsilon=epsilon).build(fit_all(x))(to_unit(x)).flatten(1).double()
    z = (x.numpy().reshape(count, -1).astype(np.float64)) / 255
    values, vectors = np.linalg.eigh(np.cov(z.T, bias=True))
    ridge = epsilon * values.mean()
    expected = vectors @ np.diag(values / (values + ridge)) @ vectors.T
    np.testing.assert_allclose(np.cov(y.numpy().T, bias=True), expected, atol=2e-4)


def test_whitening_equals_the_formula_in_numpy() -> None:
    x = images(300)
    z = x.numpy().reshape(300, -1).astype(np.float64) / 255
    values, vectors = np.linalg.eigh(np.cov(z.T, bias=True))
    weight = vectors @ np.diag((values + 0.1 * values.mean()) ** -0.5) @ vectors.T
    y = ZCA(epsilon=0.1).build(fit_all(x))(to_unit(x)).flatten(1)
    np.testing.assert_allclose(y, (z - z.mean(0)) @ weight, atol=1e-3)


@pytest.mark.parametrize("kind", NORMALISERS)
def test_every_normaliser_keeps_the_shape_and_is_fitted_on_train_alone(kind: type) -> None:
    fitted = fit_all(images(80))
    other = to_unit(images(5, seed=9))
    layer = kind().build(fitted)
    assert layer(other).shape == other.shape
    torch.testing.assert_close(layer(other)[:1], layer(other[:1]), atol=1e-5, rtol=1e-5)
    assert {key.split("/")[0] for key in fitted} <= {k().name for k in NORMALISERS}
