"""The study's augmentations as transforms of one image by torchvision, as a loop over a DataLoader applies them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

Transform = Callable[[Any], Any]


@dataclass(frozen=True)
class AddNoise:
    """Gaussian noise on a tensor in [0, 1]."""

    sigma: float

    def __call__(self, image: Tensor) -> Tensor:
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1)


@dataclass(frozen=True)
class CutOut:
    """A square of 0 around a random pixel of a normalised tensor."""

    size: int

    def __call__(self, image: Tensor) -> Tensor:
        top, left = (int(torch.randint(side, ())) - self.size // 2 for side in image.shape[1:])
        image[:, max(top, 0) : max(top + self.size, 0), max(left, 0) : max(left + self.size, 0)] = 0
        return image


# The name of torchvision's class, and its settings by those of ours.
NAMES: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "crop": ("RandomCrop", lambda a: {"size": a.size, "padding": a.padding or None}),
    "centre_crop": ("CenterCrop", lambda a: {"size": a.size}),
    "horizontal_flip": ("RandomHorizontalFlip", lambda a: {"p": a.p}),
    "vertical_flip": ("RandomVerticalFlip", lambda a: {"p": a.p}),
    "rotation": ("RandomRotation", lambda a: {"degrees": a.degrees, **_interpolation(a)}),
    "affine": (
        "RandomAffine",
        lambda a: {
            "degrees": a.degrees,
            "translate": (a.translate, a.translate),
            "scale": a.scale,
            "shear": a.shear,
            **_interpolation(a),
        },
    ),
    "perspective": ("RandomPerspective", lambda a: {"distortion_scale": a.distortion, "p": a.p, **_interpolation(a)}),
    "jitter": ("ColorJitter", lambda a: a.model_dump(include={"brightness", "contrast", "saturation", "hue"})),
    "blur": ("GaussianBlur", lambda a: {"kernel_size": a.kernel_size, "sigma": a.sigma}),
    "trivial_augment": ("TrivialAugmentWide", lambda a: _interpolation(a)),
    "erasing": ("RandomErasing", lambda a: {"p": a.p, "scale": a.scale, "ratio": a.ratio}),
}
OWN: dict[str, Callable[[Any], Transform]] = {
    "noise": lambda a: AddNoise(a.sigma),
    "cutout": lambda a: CutOut(a.size),
}
ON_NORMALISED = ("erasing", "cutout")


def _interpolation(augmentation: Any) -> dict[str, Any]:
    from torchvision.transforms import InterpolationMode

    return {"interpolation": InterpolationMode(augmentation.interpolation)}


def transforms(
    augmentations: Sequence[Any], to_tensor: Transform, moments: tuple[list[float], list[float]], module: ModuleType
) -> Transform:
    """Return the transform of one image: images are changed, then tensors, then normalised tensors.

    `module` is torchvision.transforms, which the course uses, or its v2.
    """
    by_name = {a.name: a for a in augmentations}
    made = {name: _made(a, module) for name, a in by_name.items()}
    first = [made[name] for name in made if name not in (*OWN, *ON_NORMALISED)]
    last = [made[name] for name in made if name in ON_NORMALISED]
    noise = [made["noise"]] if "noise" in made else []
    return module.Compose([*first, to_tensor, *noise, module.Normalize(*moments), *last])  # type: ignore[no-any-return]


def _made(augmentation: Any, module: ModuleType) -> Transform:
    if augmentation.name in OWN:
        return OWN[augmentation.name](augmentation)
    name, settings = NAMES[augmentation.name]
    return getattr(module, name)(**settings(augmentation))  # type: ignore[no-any-return]


def mixing(chosen: Any, classes: int) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return torchvision's mixing of a batch, or what leaves it as it is."""
    if chosen is None:
        return lambda images, labels: (images, labels)
    from torchvision.transforms import v2

    made = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[chosen.name]
    return made(alpha=chosen.alpha, num_classes=classes)  # type: ignore[no-any-return]
