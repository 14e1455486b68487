"""Whitening against NumPy, scikit-learn and its properties."""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data import whitening
from rdfia.data.normalise import GCN, GCNZCA, PCA, ZCA, PatchZCA, fit_all, to_unit

EVERY = (ZCA, PCA, GCNZCA)


def images(count: int, seed: int = 0, size: int = 6) -> Tensor:
    """Return smoothed random bytes (count, 3, size, size): neighbours are correlated, as in pictures."""
    noise = torch.rand(count, 3, size + 2, size + 2, generator=Generator().manual_seed(seed))
    return (torch.nn.functional.avg_pool2d(noise, 3, 1) * 255).to(torch.uint8)


def flat(x: Tensor) -> np.ndarray:
    return to_unit(x).double().flatten(1).numpy()


def covariance(y: Tensor) -> np.ndarray:
    return np.cov(y.double().flatten(1).numpy().T, bias=True)


@pytest.mark.parametrize("count", [60, 400])  # fewer and more images than the 108 values of each
@pytest.mark.parametrize("epsilon", [1e-2, 1.0])
def test_whitened_covariance_is_lambda_over_lambda_plus_epsilon(count: int, epsilon: float) -> None:
    x = images(count)
    y = ZCA(epsilon=epsilon).build(fit_all(x, (ZCA,)))(to_unit(x))
    values, vectors = np.linalg.eigh(np.cov(flat(x).T, bias=True))
    ridge = epsilon * values.mean()
    expected = vectors @ np.diag(values / (values + ridge)) @ vectors.T
    np.testing.assert_allclose(covariance(y), expected, atol=2e-4)


def test_whitening_equals_the_formula_in_numpy() -> None:
    x, z = images(300), flat(images(300))
    values, vectors = np.linalg.eigh(np.cov(z.T, bias=True))
    weight = vectors @ np.diag((values + 0.1 * values.mean()) ** -0.5) @ vectors.T
    y = ZCA(epsilon=0.1).build(fit_all(x, (ZCA,)))(to_unit(x)).flatten(1)
    np.testing.assert_allclose(y, (z - z.mean(0)) @ weight, atol=1e-3)


def test_principal_components_equal_sklearn_up_to_signs() -> None:
    from sklearn import decomposition

    x, other = images(400), images(20, seed=5)
    y = PCA(epsilon=1e-9).build(fit_all(x, (PCA,)))(to_unit(other)).flatten(1).numpy()
    expected = decomposition.PCA(whiten=True, svd_solver="full").fit(flat(x)).transform(flat(other))
    expected *= np.sqrt(400 / 399) * np.sign((expected * y).sum(0))  # sklearn divides by N - 1
    np.testing.assert_allclose(y, expected, atol=5e-3)


@pytest.mark.parametrize("kind", EVERY)
def test_without_a_ridge_the_covariance_is_the_identity(kind: type) -> None:
    x = images(500)
    spread = np.linalg.eigvalsh(covariance(kind(epsilon=1e-7).build(fit_all(x, (kind,)))(to_unit(x))))
    assert np.abs(spread[1:] - 1).max() < 1e-2
    assert abs(spread[0] - (0 if kind is GCNZCA else 1)) < 1e-2  # contrast takes one direction, the constant image


def test_zca_is_the_whitening_nearest_to_the_image() -> None:
    x = images(500)
    fitted, centred = fit_all(x, (ZCA,)), to_unit(x) - to_unit(x).mean(0)
    zca, pca = (kind(epsilon=1e-6).build(fitted)(to_unit(x)) for kind in (ZCA, PCA))
    turn = torch.linalg.qr(torch.randn(108, 108, generator=Generator().manual_seed(0))).Q
    distances = [(y - centred).square().mean() for y in (zca, pca, (zca.flatten(1) @ turn).view_as(zca))]
    assert distances[0] < 0.9 * min(distances[1:])


def test_contrast_is_normalised_before_the_fit_and_in_the_layer() -> None:
    x = images(300)
    contrast = GCN().build({})(to_unit(x))
    expected = ZCA(epsilon=0.2).build(fit_all(contrast, (ZCA,)))(contrast)
    torch.testing.assert_close(
        GCNZCA(epsilon=0.2).build(fit_all(x, (GCNZCA,)))(to_unit(x)), expected, atol=1e-3, rtol=0
    )


def test_a_tiny_ridge_amplifies_directions_outside_the_train_images() -> None:
    x, other = images(60), to_unit(images(30, seed=7))  # 60 images span at most 59 of 108 directions
    fitted = fit_all(x, (ZCA,))
    gentle, tiny = (ZCA(epsilon=e).build(fitted)(other).std() for e in (0.1, 1e-8))
    assert tiny > 100 * gentle


@pytest.mark.parametrize("rescale", ["image", "clip"])
def test_rescaling_reduces_the_contrast_of_whitening(rescale: str) -> None:
    x = images(200)
    fitted = fit_all(x, (ZCA,))
    free = ZCA().build(fitted)(to_unit(x))
    y = ZCA.model_validate({"rescale": rescale}).build(fitted)(to_unit(x))
    assert (y.amin(), y.amax()) == (0, 1)
    assert y.std() < free.std() / 2


def test_eigenvectors_have_one_sign_and_one_order() -> None:
    fitted = fit_all(images(200), (ZCA,))
    values, vectors = fitted["zca/values"], fitted["zca/vectors"]
    assert (values.diff() <= 0).all()
    assert (vectors.gather(0, vectors.abs().argmax(0, keepdim=True)) > 0).all()
    torch.testing.assert_close(vectors.T @ vectors, torch.eye(len(values)), atol=1e-5, rtol=0)


def test_whitening_is_in_full_precision_under_autocast() -> None:
    x = images(200)
    fitted = fit_all(x, (ZCA, PatchZCA))
    for layer in (ZCA(epsilon=1e-4).build(fitted), PatchZCA().build(fitted)):
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(to_unit(x))
        assert torch.equal(y, layer(to_unit(x)))


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_whitened_patches_have_the_identity_as_covariance(kernel_size: int) -> None:
    x = images(400, size=12)
    layer = PatchZCA(kernel_size=kernel_size, epsilon=1e-6).build(fit_all(x, (PatchZCA,)))
    y = layer(to_unit(x))
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    inside = y[:, :, before : 12 - after, before : 12 - after].movedim(1, -1).flatten(0, -2)
    result = inside.T @ inside / len(inside)
    torch.testing.assert_close(result, torch.eye(3 * kernel_size**2), atol=0.05, rtol=0)


def test_patches_of_the_largest_size_are_decomposed_as_in_numpy() -> None:
    x = images(50, size=8)
    fitted = fit_all(x, (PatchZCA,))
    centred = to_unit(x).double() - to_unit(x).double().mean((0, 2, 3), keepdim=True)
    windows = np.lib.stride_tricks.sliding_window_view(centred.numpy(), (5, 5), (2, 3))  # (50, 3, 4, 4, 5, 5)
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 75)
    expected = np.linalg.eigvalsh(rows.T @ rows / len(rows))[::-1]
    np.testing.assert_allclose(fitted["patch_zca/values_5"], expected, rtol=1e-3, atol=1e-7)


def test_both_signs_lose_no_information() -> None:
    x = images(30)
    fitted = fit_all(x, (PatchZCA,))
    one, both = (PatchZCA(both_signs=b).build(fitted)(to_unit(x)) for b in (False, True))
    assert both.shape == (30, 54, 6, 6)
    assert both.amin() == 0
    assert torch.equal(both[:, :27] - both[:, 27:], one)


def test_a_patch_larger_than_the_image_is_an_error() -> None:
    with pytest.raises(ConfigError, match="kernel_size: found 5, allowed: at most 4"):
        PatchZCA(kernel_size=5).shape((3, 4, 9))


@pytest.mark.parametrize("count", [60, 400])
@pytest.mark.parametrize("epsilon", [1e-4, 0.1])
def test_a_few_rows_are_whitened_without_the_matrix(count: int, epsilon: float) -> None:
    fitted, other = fit_all(images(count), (ZCA,)), to_unit(images(5, seed=4))
    mean, values, vectors = (fitted[f"zca/{part}"] for part in ("mean", "values", "vectors"))
    y = whitening.zca((other - mean).flatten(1), values, vectors, epsilon)
    expected = ZCA(epsilon=epsilon).build(fitted)(other).flatten(1)
    torch.testing.assert_close(y, expected, atol=2e-3 * expected.std().item(), rtol=0)


def test_no_ridge_amplifies_rounding_past_a_variance_of_one() -> None:
    x = images(400)
    x[:, :, 0, 0] = torch.randint(0, 2, (400, 3), dtype=torch.uint8, generator=Generator().manual_seed(0))
    pixels = x.float() * torch.tensor([1000.0, 1, 1]).view(3, 1, 1)  # red, beside which two pixels are rounding
    pixels[:, 1:, 0, 0] *= 1e-2
    fitted = fit_all(pixels, (ZCA,))
    y = ZCA(epsilon=1e-12).build(fitted)(pixels)
    assert len(fitted["zca/values"]) < 108
    assert np.linalg.eigvalsh(covariance(y)).max() < 1.1
