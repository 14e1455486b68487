"""The sources of data, one class each, tagged by `name`, and the dataset made from a source."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from rdfia.config import Config, ConfigError, at, named, over, parse, section
from rdfia.data import memory
from rdfia.data.circles import Circles
from rdfia.data.decoding import COPIES
from rdfia.data.digits import Digits
from rdfia.data.folders import Folders
from rdfia.data.objects import Objects
from rdfia.data.store import RawData, Split, card, split_validation
from rdfia.data.torchvision_sets import Cifar10, Mnist

BATCH = 5000  # images in float32 at a time
FLOATS = 4  # bytes of a pixel in float32

Layers = Mapping[str, Mapping[str, Any]]  # what settings are made of, each by the key where it is written
Source = Annotated[
    Annotated[Circles | Digits | Objects | Mnist | Cifar10 | Folders, Field(discriminator="name")],
    named,
]


class Dataset(Config):
    """A source, the size of the validation split, and transformations of the images.

    `grey` converts to one channel, `size` resizes to `size`² pixels. Transformed images stand for no published data
    set.
    """

    source: Source
    validation: int = Field(ge=1)
    seed: int = 0
    grey: bool = False
    size: int | None = Field(None, ge=1)

    def prepare(
        self, name: str, root: Path, layers: Layers | None = None
    ) -> tuple[dict[str, Split], dict[str, object]]:
        """Return the splits train, validation and test, and the card of the data set; `name` is its key in `data`.

        `layers` are what the settings are made of, one of which an error names.
        """
        with at(layers or {f"data.{name}": {}}):
            raw, changes = self._transform(self._load(root))
            splits = self._split(raw)
        head = {
            "name": name,
            "source": self.source.name,
            "label": ", ".join((self.source.label, *changes)),
            "stands_for": None if changes else self.source.stands_for,
        }
        return splits, head | card(splits, raw.classes, "; ".join((raw.provenance, *changes))) | dict(raw.remarks)

    def _load(self, root: Path) -> RawData:
        """Return the data of the source; its errors begin with the key of a setting of it, or with none."""
        try:
            return self.source.load(root)
        except ConfigError as error:
            own = str(error).partition(":")[0] in type(self.source).model_fields
            raise ConfigError(f"source{'.' if own else ': '}{error}") from None

    def _transform(self, raw: RawData) -> tuple[RawData, tuple[str, ...]]:
        """Convert the images to grey and resize them; return the data and the names of the changes."""
        shape = raw.train.x.shape[1:]
        setting = "grey" if self.grey else "size"
        if len(shape) != 3 and (self.grey or self.size):
            raise ConfigError(f"{setting}: found {getattr(self, setting)}, allowed: none for points")
        changes: dict[str, Callable[[Tensor], Tensor]] = {}
        if self.grey and shape[0] == 3:
            changes["grey"] = luma
        if self.size and shape[1:] != (self.size, self.size):
            count, channels = len(raw.train) + len(raw.test), 1 if self.grey else shape[0]
            needed = COPIES * (count + FLOATS * min(count, BATCH)) * channels * self.size**2
            memory.require(needed, f"size: {count:,} images of {self.size}x{self.size} pixels", "allowed: fewer")
            changes[f"{self.size}×{self.size} pixels"] = partial(resize, size=self.size)
        for change in changes.values():
            train, test = (Split(change(split.x), split.y) for split in (raw.train, raw.test))
            raw = replace(raw, train=train, test=test)
        return raw, tuple(changes)

    def _split(self, raw: RawData) -> dict[str, Split]:
        generator = torch.Generator().manual_seed(self.seed)
        train, validation = split_validation(raw.train, self.validation, generator, raw.groups)
        return {"train": train, "validation": validation, "test": raw.test}


def luma(images: Tensor) -> Tensor:
    """Return Y = 0.299 R + 0.587 G + 0.114 B of images (N, 3, H, W), rounded: ITU-R 601, in the integers of Pillow."""
    red, green, blue = images.int().unbind(1)
    weighted = 19595 * red + 38470 * green + 7471 * blue  # each weight times 2¹⁶
    return ((weighted + 2**15) >> 16).to(torch.uint8).unsqueeze(1)


def resize(images: Tensor, size: int) -> Tensor:
    """Resize images (N, C, H, W) to `size`² pixels: bilinear, with antialiasing where they shrink."""
    batches = (
        interpolate(batch.float(), (size, size), mode="bilinear", antialias=True) for batch in images.split(BATCH)
    )
    return torch.cat([batch.round().clamp(0, 255).to(torch.uint8) for batch in batches])


def resolve_dataset(params: Mapping[str, Any], name: str) -> Dataset:
    """Return the data set `name` of the parameters."""
    layers = dataset_layers(params, name)
    return parse(Dataset, *layers.values(), where=list(layers))


def dataset_layers(params: Mapping[str, Any], name: str) -> Layers:
    """Return what a data set is made of: its key in `data`, overridden by the profile."""
    layers = {f"data.{name}": section(params, "data", name)}
    return layers | {
        f"{where}.{name}": sets[name] or {} for where, sets in over(params, "data").items() if name in sets
    }
