"""Questions 1d.14, 1d.16 and 1d.22: what an epoch is made of, counted.

N examples in batches of B are ⌈N/B⌉ steps, one after the other; the B examples of each are computed at once. Altering
the images on their way in changes neither.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, listed
from rdfia.data.augment import Augmentation, Crop, HorizontalFlip
from rdfia.data.batches import shuffled
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

PRINTED = 569  # batches of the digits, in R2023a
ALTERED: tuple[Augmentation, ...] = (Crop(), HorizontalFlip())


class Batches(Config):
    """An epoch of `examples` examples in batches of each of `sizes`, of which `printed_at` is R2023a's."""

    name: Literal["batches"] = "batches"
    examples: int = Field(60_000, ge=2, le=1_000_000)
    sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], listed, Field(min_length=1)] = (1, 32, 128, 512)
    printed_at: int = Field(128, ge=1)

    def answer(self, circles: Split) -> Answer:
        """Return the steps of an epoch by the size of its batches; the circles are not needed."""
        steps = [self.epoch(size) for size in self.sizes]
        printed = {**self.epoch(self.printed_at), "printed": PRINTED}
        return Answer({"examples": self.examples, "epochs": steps, "printed": printed, "altered": altered()})

    def epoch(self, size: int) -> dict[str, Any]:
        """Walk through an epoch and count its batches, and the examples of the first and of the last."""
        counts = [len(index) for index in shuffled(self.examples, size, [Generator().manual_seed(0)])]
        return {"size": size, "steps": len(counts), "at_once": counts[0], "last": counts[-1]}


def altered() -> dict[str, int]:
    """Return how many images go into crop and flip, and how many come out."""
    images: Tensor = torch.zeros(64, 3, 32, 32)
    out, generator = images, Generator().manual_seed(0)
    for each in ALTERED:
        out = each(out, generator)
    return {"in": len(images), "out": len(out)}
