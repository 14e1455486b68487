"""Normalisers against NumPy and scikit-learn, and their properties."""

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data import spectra
from rdfia.data.normalise import (
    GCN,
    NORMALISERS,
    ZCA,
    Log,
    MaxAbs,
    MeanImage,
    MinMax,
    Normaliser,
    PatchZCA,
    Robust,
    Standardise,
    evaluation_statistics,
    fit_all,
    required_statistics,
    to_unit,
)


def images(count: int, seed: int = 0, size: int = 6) -> Tensor:
    """Return smoothed random bytes (count, 3, size, size): neighbours are correlated, as in pictures."""
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


def test_the_mean_image_is_subtracted() -> None:
    x = images(40)
    y = MeanImage().build(fit_all(x))(to_unit(x))
    np.testing.assert_allclose(y, to_unit(x) - to_unit(x).mean(0), atol=1e-6)


@pytest.mark.parametrize("kind", [MinMax, MaxAbs, Robust])
def test_scaling_by_channel_equals_sklearn(kind: type) -> None:
    from sklearn import preprocessing

    x = torch.cat([images(31, size=5), images(10, size=5, seed=3) // 2])
    x[:, 2] = 77  # a channel without spread
    y = kind().build(fit_all(x, (kind,)))(to_unit(x))
    pixels = to_unit(x).double().movedim(1, -1).reshape(-1, 3)
    expected = getattr(preprocessing, f"{kind.__name__}Scaler")().fit_transform(pixels.numpy())
    np.testing.assert_allclose(y.movedim(1, -1).reshape(-1, 3), expected, atol=1e-5)


@pytest.mark.parametrize("kind", [Robust, MinMax, MaxAbs])
def test_points_are_scaled_as_sklearn_scales_them(kind: type) -> None:
    from sklearn import preprocessing

    x = torch.randn(301, 2, generator=Generator().manual_seed(1)) * torch.tensor([1.0, 5.0]) + 3
    expected = getattr(preprocessing, f"{kind.__name__}Scaler")().fit_transform(x.numpy())
    y = kind().build(fit_all(x, (kind,)))(x)
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_min_max_reaches_the_configured_range() -> None:
    x = images(40)
    y = MinMax(low=-1.0, high=3.0).build(fit_all(x, (MinMax,)))(to_unit(x))
    assert (y.amin().item(), y.amax().item()) == pytest.approx((-1, 3), abs=1e-5)


@pytest.mark.parametrize("wrong", [{"low": 1.0}, {"low": 2.0}, {"high": -1.0}])
def test_a_range_without_width_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=r"low below high \(low \d, high -?1\)"):
        TypeAdapter(Normaliser).validate_python({"name": "min_max", **wrong})


def test_the_logarithm_equals_numpy_and_keeps_0_and_1() -> None:
    layer = Log().build({})
    x = torch.linspace(-1, 1, 11).view(1, -1)
    y = layer(x)
    np.testing.assert_allclose(y, np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256), atol=1e-5)
    assert y[0, [0, 5, 10]].tolist() == pytest.approx([-1, 0, 1], abs=1e-5)


def test_contrast_is_normalised_for_each_image() -> None:
    x = torch.cat([images(5), torch.full((1, 3, 6, 6), 9, dtype=torch.uint8)])  # the last is one colour
    y = GCN().build({})(to_unit(x))
    z = to_unit(x).numpy().reshape(6, -1).astype(np.float64)
    spread = np.maximum(z.std(1, keepdims=True), 0.01)
    np.testing.assert_allclose(y.flatten(1), (z - z.mean(1, keepdims=True)) / spread, atol=1e-5)
    assert y[-1].abs().max() < 1e-4
    layer = GCN().build({})
    torch.testing.assert_close(layer(to_unit(x[:5]) * 0.7 + 0.1), y[:5], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", NORMALISERS)
def test_every_normaliser_states_its_shape_and_is_independent_of_the_batch(kind: type) -> None:
    fitted = fit_all(images(80))
    other = to_unit(images(5, seed=9))
    layer = kind().build(fitted)
    assert layer(other).shape == (5, *kind().shape((3, 6, 6)))
    torch.testing.assert_close(layer(other)[:1], layer(other[:1]), atol=1e-5, rtol=1e-5)
    assert not list(layer.parameters())  # nothing that training would move


@pytest.mark.parametrize("kind", NORMALISERS)
def test_constant_pixels_and_constant_images_stay_finite(kind: type) -> None:
    x = images(30)
    x[:, :, :2] = 0
    x[:4] = 255
    for train in (x, x[:1], torch.zeros_like(x)):
        assert torch.isfinite(kind().build(fit_all(train, (kind,)))(to_unit(x))).all()


@pytest.mark.parametrize("kind", NORMALISERS)
def test_a_normaliser_needs_only_the_statistics_that_it_reads(kind: type) -> None:
    x = images(60)
    alone, every = fit_all(x, (kind,)), fit_all(x)
    assert required_statistics(kind(), every).keys() == alone.keys()
    assert all(torch.equal(alone[key], every[key]) for key in alone)
    y = kind().build(required_statistics(kind(), every))(to_unit(x))
    assert torch.equal(y, kind().build(every)(to_unit(x)))


@pytest.mark.parametrize("kind", [k for k in NORMALISERS if k is not PatchZCA])
def test_points_can_be_normalised_except_by_patches(kind: type) -> None:
    x = torch.randn(50, 2, generator=Generator().manual_seed(2))
    assert torch.isfinite(kind().build(fit_all(x))(x)).all()
    with pytest.raises(ConfigError, match="patch_zca"):
        PatchZCA().shape((2,))


def test_a_patch_larger_than_the_images_is_a_one_line_error() -> None:
    statistics = fit_all(images(20)[..., :2, :9])
    assert PatchZCA(kernel_size=2).build(statistics)(torch.rand(3, 3, 2, 9)).shape == (3, 12, 2, 9)
    with pytest.raises(ConfigError, match=r"normalise\.kernel_size: found 3, allowed: a patch no larger"):
        PatchZCA().build(statistics)


def test_every_normaliser_is_selected_by_its_name() -> None:
    adapter: TypeAdapter[object] = TypeAdapter(Normaliser)
    assert {type(adapter.validate_python(kind().name)) for kind in NORMALISERS} == set(NORMALISERS)
    assert {kind().name for kind in NORMALISERS} == adapter.json_schema()["discriminator"]["mapping"].keys()


def test_fitting_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    x = images(230)
    whole = fit_all(x)
    monkeypatch.setattr(spectra, "BLOCK", 70)
    for key, value in fit_all(x).items():
        if "vectors" not in key:  # directions of nearly equal eigenvalues may turn into each other
            torch.testing.assert_close(value, whole[key], atol=1e-6, rtol=1e-4)


def test_the_size_of_the_statistics_is_that_of_their_spectra() -> None:
    x = images(200)
    width = x[0].numel()
    spectra = 2 * 4 * (width * width + 2 * width)  # zca and gcn_zca: eigenvectors, eigenvalues, mean image, float32
    patches = sum(4 * (side * side + side) for side in (3 * k * k for k in range(1, 6)))
    size = sum(value.nbytes for value in fit_all(x).values())
    assert size < spectra + patches + 4 * (width + 10 * 3)
    assert size > spectra - 2 * 4 * 2 * (width + 1)  # of gcn_zca the constant image is no direction


def test_evaluation_uses_the_statistics_of_train() -> None:
    fitted, other = fit_all(images(120)), images(80, seed=3)
    assert all(evaluation_statistics(kind(), fitted, other) is fitted for kind in NORMALISERS)


def test_evaluation_may_use_the_statistics_of_its_own_split() -> None:
    fitted, other = fit_all(images(300)), images(200, seed=3)
    zca = ZCA(epsilon=0.05, own=True)
    statistics = evaluation_statistics(zca, fitted, other)
    changed = {key for key in fitted if not torch.equal(statistics[key], fitted[key])}
    assert changed == {key for key in fitted if key.startswith("zca/")}
    y = zca.build(statistics)(to_unit(other)).double().flatten(1)
    z = to_unit(other).double().flatten(1).numpy()
    values, vectors = np.linalg.eigh(np.cov(z.T, bias=True))
    variances = np.diag(vectors.T @ np.cov(y.numpy().T, bias=True) @ vectors)
    np.testing.assert_allclose(variances, values / (values + 0.05 * values.mean()), atol=2e-4)
    assert (y.view_as(other) - zca.build(fitted)(to_unit(other))).abs().mean() > 0.1  # not what train would make of it


def test_own_statistics_do_not_change_train() -> None:
    x = images(150)
    fitted = fit_all(x)
    y = ZCA().build(fitted)(to_unit(x))
    assert torch.equal(y, ZCA(own=True).build(fitted)(to_unit(x)))
    assert torch.equal(y, ZCA(own=True).build(evaluation_statistics(ZCA(own=True), {}, x))(to_unit(x)))
