"""Where data come from: one class for each source, tagged by `name`, and the dataset that is made of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field

from rdfia.config import PARAMS, Config, named, parse, profile, section
from rdfia.data.circles import Circles
from rdfia.data.digits import Digits
from rdfia.data.folders import Folders
from rdfia.data.objects import Objects
from rdfia.data.store import Raw, Split, card, split_validation
from rdfia.data.torchvision_sets import Cifar10, Mnist

DOWNLOADS = Path("data/raw")

Source = Annotated[
    Annotated[Circles | Digits | Objects | Mnist | Cifar10 | Folders, Field(discriminator="name")],
    named,
]


class Dataset(Config):
    """A source, and how many of its train examples are set aside for validation."""

    source: Source
    validation: int = Field(ge=0)
    seed: int = 0

    def prepare(self, name: str, root: Path = DOWNLOADS) -> tuple[dict[str, Split], dict[str, object]]:
        """The splits train, validation and test, and the card that describes them; `name` is the key in `data`."""
        raw = self.source.load(root)
        splits = self._split(raw, f"{PARAMS}: data.{name}.validation")
        head = {
            "name": name,
            "source": self.source.name,
            "label": self.source.label,
            "stands_for": self.source.stands_for,
        }
        return splits, head | card(splits, raw.classes, raw.provenance)

    def _split(self, raw: Raw, key: str) -> dict[str, Split]:
        generator = torch.Generator().manual_seed(self.seed)
        train, validation = split_validation(raw.train, self.validation, generator, raw.groups, key)
        return {"train": train, "validation": validation, "test": raw.test}


def declared(params: Mapping[str, Any], name: str) -> Dataset:
    """The data set `name` of the parameter file: its key in `data`, changed by the profile."""
    where = (f"data.{name}", f"profiles.{profile(params)}.data.{name}")
    over = section(params, "profiles", profile(params), "data").get(name, {})
    return parse(Dataset, section(params, "data", name), over, where=where)
