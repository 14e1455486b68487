"""One operation at a random strength for each image: Müller and Hutter 2021.

The operations and their strongest settings are those of its wide space, as in torchvision's TrivialAugmentWide.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from rdfia.data.colours import adjust_brightness, adjust_contrast, adjust_saturation, adjust_sharpness, per_image
from rdfia.data.geometry import Interpolation, affine, affine_parameters, from_corner, warp
from rdfia.data.sampling import RandomAugmentation, Space, constants, integers

STRENGTHS = 31


class Operation(NamedTuple):
    """A function of images (N, C, H, W) and strengths (N) up to `strongest`, of either sign if `signed`."""

    apply: Callable[[Tensor, Tensor, Interpolation], Tensor]
    strongest: float
    signed: bool = False


class TrivialAugment(RandomAugmentation):
    """One of fourteen operations at one of 31 strengths, both uniformly random."""

    space: ClassVar[Space] = "pixels"
    name: Literal["trivial_augment"] = "trivial_augment"
    interpolation: Interpolation = "nearest"

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the index of the operation and its strength (N, 2)."""
        operations = OPERATIONS.values()
        strongest = constants(tuple(o.strongest for o in operations), torch.float32, generator.device)
        signed = constants(tuple(o.signed for o in operations), torch.bool, generator.device)
        chosen = integers(shape[:1], len(operations), generator)
        levels = integers(shape[:1], STRENGTHS, generator) / (STRENGTHS - 1)
        signs = 1 - 2 * integers(shape[:1], 2, generator) * signed[chosen]
        return torch.stack([chosen, strongest[chosen] * levels * signs], 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        changed = images.clone()
        for number, operation in enumerate(OPERATIONS.values()):
            chosen = parameters[:, 0] == number
            changed[chosen] = operation.apply(images[chosen], parameters[chosen, 1], self.interpolation)
        return changed


def identity(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Return the images unchanged."""
    return images


def rotate(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Rotate counter-clockwise by `strengths` degrees."""
    return warp(images, affine(affine_parameters(strengths, angle=-strengths)), interpolation)


def translate_x(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Translate to the right by `strengths`, truncated to whole pixels."""
    return warp(images, affine(affine_parameters(strengths, x=strengths.trunc())), interpolation)


def translate_y(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Translate down by `strengths`, truncated to whole pixels."""
    return warp(images, affine(affine_parameters(strengths, y=strengths.trunc())), interpolation)


def shear_x(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Shift each row by `strengths` pixels for each row above it; the top stays."""
    matrices = affine(affine_parameters(strengths, shear_x=strengths.atan().rad2deg()))
    return warp(images, from_corner(matrices, *images.shape[2:]), interpolation)


def shear_y(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Shift each column by `strengths` pixels for each column left of it; the left side stays."""
    matrices = affine(affine_parameters(strengths, shear_y=strengths.atan().rad2deg()))
    return warp(images, from_corner(matrices, *images.shape[2:]), interpolation)


def posterise(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Return y = ⌊2ᵇ x⌋ / 2ᵇ with b = 8 - strength bits."""
    levels = per_image(2.0 ** (8 - strengths.round()), images)
    return (images * levels).floor().minimum(levels - 1) / levels


def solarise(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Invert, y = 1 - x, where x is at least 1 - strength."""
    return torch.where(images >= per_image(1 - strengths, images), 1 - images, images)


def stretch_contrast(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Map each channel's range to [0, 1]; a constant channel stays."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low).where(high > low, 1), images)


def equalise(images: Tensor, strengths: Tensor, interpolation: Interpolation) -> Tensor:
    """Equalise the histogram of each channel's 256 levels, by Pillow's rule in integers.

    With step s = (pixels - pixels of the brightest level) // 255, level k becomes (pixels below k + s // 2) // s; a
    channel with s = 0 stays.
    """
    levels = (images * 255.999).long().flatten(2)  # (N, C, HW)
    counts = levels.new_zeros(*levels.shape[:2], 256).scatter_add(2, levels, torch.ones_like(levels))
    step = (levels.shape[2] - counts.gather(2, levels.amax(2, keepdim=True))) // 255
    below = F.pad(counts.cumsum(2)[..., :-1], (1, 0))
    table = ((below + step // 2) // step.clamp(min=1)).clamp(0, 255)
    spread = torch.where(step > 0, table.gather(2, levels), levels)
    return spread.view(images.shape).to(images.dtype) / 255


def _by_factor(adjust: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor, Interpolation], Tensor]:
    """Return the operation that adjusts by the factor 1 + strength."""
    return lambda images, strengths, interpolation: adjust(images, per_image(1 + strengths, images))


OPERATIONS = {
    "identity": Operation(identity, 0.0),
    "shear_x": Operation(shear_x, 0.99, True),
    "shear_y": Operation(shear_y, 0.99, True),
    "translate_x": Operation(translate_x, 32.0, True),
    "translate_y": Operation(translate_y, 32.0, True),
    "rotate": Operation(rotate, 135.0, True),
    "brightness": Operation(_by_factor(adjust_brightness), 0.99, True),
    "saturation": Operation(_by_factor(adjust_saturation), 0.99, True),
    "contrast": Operation(_by_factor(adjust_contrast), 0.99, True),
    "sharpness": Operation(_by_factor(adjust_sharpness), 0.99, True),
    "posterise": Operation(posterise, 6.0),
    "solarise": Operation(solarise, 1.0),
    "stretch_contrast": Operation(stretch_contrast, 0.0),
    "equalise": Operation(equalise, 0.0),
}
