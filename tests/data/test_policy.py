"""TrivialAugment against torchvision, operation by operation, and the distribution of its parameters."""

import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import InterpolationMode, TrivialAugmentWide

from rdfia.data.policy import OPERATIONS, TrivialAugment

THEIRS = {
    "identity": "Identity",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
    "translate_x": "TranslateX",
    "translate_y": "TranslateY",
    "rotate": "Rotate",
    "brightness": "Brightness",
    "saturation": "Color",
    "contrast": "Contrast",
    "sharpness": "Sharpness",
    "posterise": "Posterize",
    "solarise": "Solarize",
    "stretch_contrast": "AutoContrast",
    "equalise": "Equalize",
}


def images(count: int) -> Tensor:
    """Return smooth images with a skewed histogram, bytes in [0, 1], 20×24 pixels."""
    x = torch.randn(count, 3, 20, 24, generator=Generator().manual_seed(0)) * 0.15 + 0.4
    x[0], x[1, 0] = 0.5, 0  # an image and a channel of one value
    return (x.clamp(0, 1) * 255).round() / 255


def strengths(name: str) -> tuple[Tensor, list[float]]:
    """Return our and torchvision's strengths for every level, with both signs if signed."""
    reference = TrivialAugmentWide()._AUGMENTATION_SPACE[THEIRS[name]]
    theirs, signed = reference[0](31, 20, 24), reference[1]
    ours = OPERATIONS[name].strongest * torch.arange(31) / 30
    if theirs is None:
        theirs = torch.zeros(31)
    theirs = theirs.double().round(decimals=4)  # 15.99999 would be cut to 15 pixels
    assert signed == OPERATIONS[name].signed
    return (torch.cat([ours, -ours]), [*theirs.tolist(), *(-theirs).tolist()]) if signed else (ours, theirs.tolist())


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_equals_torchvision_at_every_strength(name: str) -> None:
    ours, theirs = strengths(name)
    x = images(len(ours))
    policy = TrivialAugment(interpolation="bilinear")
    parameters = torch.stack([torch.full_like(ours, list(OPERATIONS).index(name)), ours], 1)
    apply = TrivialAugmentWide()._apply_image_or_video_transform
    expected = torch.stack(
        [apply(i, THEIRS[name], s, InterpolationMode.BILINEAR, {}) for i, s in zip(x, theirs, strict=True)]
    )
    # one value of solarising can lie on its threshold to rounding
    differs = (policy.apply(x, parameters) - expected).abs() > 1e-4
    assert differs.float().mean() < (1e-2 if name == "solarise" else 1e-9)


def test_the_operations_are_those_of_the_wide_space_of_torchvision() -> None:
    assert [THEIRS[name] for name in OPERATIONS] == list(TrivialAugmentWide._AUGMENTATION_SPACE)


def test_each_image_of_a_mixed_batch_has_its_own_operation() -> None:
    x = images(140)
    parameters = TrivialAugment().sample(x.shape, Generator().manual_seed(0))
    together = TrivialAugment().apply(x, parameters)
    alone = torch.cat([TrivialAugment().apply(x[i : i + 1], parameters[i : i + 1]) for i in range(140)])
    assert torch.equal(together, alone)
    assert len(parameters[:, 0].unique()) == len(OPERATIONS)


def test_operations_strengths_and_signs_are_uniform() -> None:
    parameters = TrivialAugment().sample((14000, 3, 4, 4), Generator().manual_seed(0))
    counts = torch.bincount(parameters[:, 0].long())
    assert (counts - 1000).abs().max() < 150
    for number, operation in enumerate(OPERATIONS.values()):
        result = parameters[parameters[:, 0] == number, 1]
        assert result.abs().max().item() == pytest.approx(operation.strongest)
        assert abs(result.abs().mean().item() - operation.strongest / 2) <= 0.05 * operation.strongest
        assert result.abs().unique().numel() == (31 if operation.strongest else 1)
        negative = (result < 0).float().mean().item()
        assert abs(negative - 15 / 31) < 0.06 if operation.signed else negative == 0
