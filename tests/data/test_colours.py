"""Colours against torchvision under the same parameters, and the distributions of the parameters."""

import pytest
import torch
from pydantic import ValidationError
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional

from rdfia.data.colours import (
    Blur,
    Jitter,
    Noise,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
)

ADJUST = {
    "brightness": adjust_brightness,
    "contrast": adjust_contrast,
    "saturation": adjust_saturation,
    "sharpness": adjust_sharpness,
}


def images(count: int = 16, channels: int = 3, height: int = 12, width: int = 10) -> Tensor:
    x = torch.rand(count, channels, height, width, generator=Generator().manual_seed(0))
    x[0], x[1, :, :4], x[2, :1] = 0, 1, 0.5  # black, partly white, a flat channel
    return x


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("setting", ADJUST)
def test_adjustments_equal_torchvision(setting: str, channels: int) -> None:
    x, factors = images(channels=channels), torch.linspace(0, 2, 16)
    reference = getattr(functional, f"adjust_{setting}")
    expected = torch.stack([reference(i, f) for i, f in zip(x, factors.tolist(), strict=True)])
    torch.testing.assert_close(ADJUST[setting](x, factors.view(-1, 1, 1, 1)), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_hue_equals_torchvision(channels: int) -> None:
    x, turns = images(channels=channels), torch.linspace(-0.5, 0.5, 16)
    expected = torch.stack([functional.adjust_hue(i, t) for i, t in zip(x, turns.tolist(), strict=True)])
    torch.testing.assert_close(adjust_hue(x, turns.view(-1, 1, 1, 1)), expected, atol=1e-5, rtol=0)


def test_a_whole_turn_of_hue_and_no_turn_change_nothing() -> None:
    for turns in (0.0, 1.0):
        torch.testing.assert_close(adjust_hue(images(), torch.full((16, 1, 1, 1), turns)), images(), atol=2e-6, rtol=0)


def test_jitter_equals_four_adjustments_of_torchvision_in_order() -> None:
    x, jitter = images(), Jitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)
    parameters = jitter.sample(x.shape, Generator().manual_seed(0))
    expected = []
    for image, (brightness, contrast, saturation, hue) in zip(x, parameters.tolist(), strict=True):
        image = functional.adjust_contrast(functional.adjust_brightness(image, brightness), contrast)
        expected.append(functional.adjust_hue(functional.adjust_saturation(image, saturation), hue))
    torch.testing.assert_close(jitter.apply(x, parameters), torch.stack(expected), atol=2e-5, rtol=0)


@pytest.mark.parametrize("setting", ["brightness", "contrast", "saturation", "hue"])
def test_each_setting_of_jitter_acts_alone(setting: str) -> None:
    alone = Jitter.model_validate({setting: 0.3})
    y = alone(images(), Generator().manual_seed(0))
    parameters = alone.sample(images().shape, Generator().manual_seed(0))
    column = ["brightness", "contrast", "saturation", "hue"].index(setting)
    adjust = {**ADJUST, "hue": adjust_hue}[setting]
    assert torch.equal(y, adjust(images(), parameters[:, column].view(-1, 1, 1, 1)))
    assert not torch.equal(y, images())


def test_a_jitter_that_alters_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="brightness, contrast, saturation or hue above 0"):
        Jitter()


def test_factors_and_turns_are_uniform_around_the_identity() -> None:
    parameters = Jitter(brightness=0.4, contrast=0.2, saturation=1.0, hue=0.5).sample((5000, 3, 2, 2), Generator())
    spread, middle = torch.tensor([0.4, 0.2, 1.0, 0.5]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    unit = (parameters - middle) / spread
    assert unit.abs().max() <= 1.0001
    assert (unit.aminmax(dim=0).max > 0.99).all()
    assert unit.mean(0).abs().max() < 0.04
    assert (unit.var(0) - 1 / 3).abs().max() < 0.02
    assert (torch.corrcoef(parameters.T) - torch.eye(4)).abs().max() < 0.06


@pytest.mark.parametrize("kernel_size", [3, 5, 9])
def test_blur_equals_torchvision(kernel_size: int) -> None:
    x, blur = images(), Blur(kernel_size=kernel_size)  # type: ignore[arg-type]
    sigmas = blur.sample(x.shape, Generator().manual_seed(0))
    expected = torch.stack(
        [functional.gaussian_blur(i, [kernel_size] * 2, [s, s]) for i, s in zip(x, sigmas.tolist(), strict=True)]
    )
    torch.testing.assert_close(blur.apply(x, sigmas), expected, atol=1e-6, rtol=0)


def test_the_deviations_of_blur_are_uniform_in_their_range() -> None:
    sigmas = Blur(sigma=(0.5, 1.5)).sample((5000, 3, 2, 2), Generator())
    assert 0.5 <= sigmas.min() < 0.51
    assert 1.49 < sigmas.max() <= 1.5
    assert abs(sigmas.mean().item() - 1) < 0.02


def test_noise_equals_torchvision() -> None:
    x = images()
    torch.manual_seed(0)
    expected = functional.gaussian_noise(x, sigma=0.2)
    assert torch.equal(Noise(sigma=0.2)(x, Generator().manual_seed(0)), expected)


def test_noise_has_the_deviation_sigma() -> None:
    y = Noise(sigma=0.05)(torch.full((50, 3, 16, 16), 0.5), Generator().manual_seed(0)) - 0.5
    assert abs(y.std().item() - 0.05) < 0.001
    assert abs(y.mean().item()) < 0.001
