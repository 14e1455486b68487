"""Where data come from: one class for each source, tagged by `name`, and the dataset that is made of one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from rdfia.config import PARAMS, Config, ConfigError, named, parse, profile, section
from rdfia.data.circles import Circles
from rdfia.data.digits import Digits
from rdfia.data.folders import Folders
from rdfia.data.objects import Objects
from rdfia.data.store import Raw, Split, card, split_validation
from rdfia.data.torchvision_sets import Cifar10, Mnist

BATCH = 5000  # images in numbers of four bytes at a time

Source = Annotated[
    Annotated[Circles | Digits | Objects | Mnist | Cifar10 | Folders, Field(discriminator="name")],
    named,
]


class Dataset(Config):
    """A source, how many of its train examples are set aside for validation, and what is changed in its images first.

    `grey` leaves one channel, `size` brings the images to so many pixels a side. Changed ones stand for no published
    data set.
    """

    source: Source
    validation: int = Field(ge=0)
    seed: int = 0
    grey: bool = False
    size: int | None = Field(None, ge=1)

    def prepare(self, name: str, root: Path = Path("data/raw")) -> tuple[dict[str, Split], dict[str, object]]:
        """The splits train, validation and test, and the card that describes them; `name` is the key in `data`."""
        raw, changes = self._changed(self.source.load(root), f"{PARAMS}: data.{name}")
        splits = self._split(raw, f"{PARAMS}: data.{name}.validation")
        head = {
            "name": name,
            "source": self.source.name,
            "label": ", ".join((self.source.label, *changes)),
            "stands_for": None if changes else self.source.stands_for,
        }
        return splits, head | card(splits, raw.classes, "; ".join((raw.provenance, *changes)))

    def _changed(self, raw: Raw, key: str) -> tuple[Raw, tuple[str, ...]]:
        """The same data with grey and resized images, and in words what that changed."""
        shape = raw.train.x.shape[1:]
        asked = "grey" if self.grey else "size"
        if len(shape) != 3 and (self.grey or self.size):
            raise ConfigError(f"{key}.{asked}: found {getattr(self, asked)}, allowed: none for points")
        changes: dict[str, Callable[[Tensor], Tensor]] = {}
        if self.grey and shape[0] == 3:
            changes["grey"] = luma
        if self.size and shape[1:] != (self.size, self.size):
            changes[f"{self.size}×{self.size} pixels"] = partial(resized, size=self.size)
        for change in changes.values():
            train, test = (Split(change(split.x), split.y) for split in (raw.train, raw.test))
            raw = replace(raw, train=train, test=test)
        return raw, tuple(changes)

    def _split(self, raw: Raw, key: str) -> dict[str, Split]:
        generator = torch.Generator().manual_seed(self.seed)
        train, validation = split_validation(raw.train, self.validation, generator, raw.groups, key)
        return {"train": train, "validation": validation, "test": raw.test}


def luma(images: Tensor) -> Tensor:
    """Y = 0.299 R + 0.587 G + 0.114 B of images (N, 3, H, W), rounded: ITU-R 601, in the whole numbers of Pillow."""
    red, green, blue = images.int().unbind(1)
    weighed = 19595 * red + 38470 * green + 7471 * blue  # each weight times 2¹⁶
    return ((weighed + 2**15) >> 16).to(torch.uint8).unsqueeze(1)


def resized(images: Tensor, size: int) -> Tensor:
    """Images (N, C, H, W) of `size`² pixels: bilinear, over as many pixels as one is made of where they shrink."""
    batches = (
        interpolate(batch.float(), (size, size), mode="bilinear", antialias=True) for batch in images.split(BATCH)
    )
    return torch.cat([batch.round().clamp(0, 255).to(torch.uint8) for batch in batches])


def resolve_dataset(params: Mapping[str, Any], name: str) -> Dataset:
    """The data set `name` of the parameter file: its key in `data`, changed by the profile."""
    where = (f"data.{name}", f"profiles.{profile(params)}.data.{name}")
    over = section(params, "profiles", profile(params), "data").get(name, {})
    return parse(Dataset, section(params, "data", name), over, where=where)
