"""Question 1d.34: what the channels of a layer put out without batch norm and with it, and in testing.

The first convolution of the course's network on random images whose channels differ in mean and spread. Batch norm
makes mean 0 and deviation 1 of every channel over the images and places of a batch. In testing running averages take
their place, r ← (1 − m) r + m x̄, which after k batches have 1 − (1 − m)^k of the way behind them.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.models.cnn import CNN
from rdfia.theory.answer import Answer

SHAPE, CLASSES = (3, 32, 32), 10


class BatchNorm(Config):
    """A batch of `images`, and running averages after each of `batches` batches."""

    name: Literal["batch_norm"] = "batch_norm"
    images: int = Field(64, ge=2, le=10_000)
    batches: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], listed] = (1, 10, 50)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return means and deviations of the channels, and how far running averages have come; no circles needed."""
        generator = Generator().manual_seed(self.seed)
        spread, shift = (torch.rand(1, 3, 1, 1, generator=generator) * 2 for _ in range(2))
        images = torch.randn(self.images, *SHAPE, generator=generator) * spread + shift
        facts = {name: channels(first(norm, self.seed)(images)) for name, norm in (("without", False), ("with", True))}
        return Answer({**facts, "images": self.images, "running": self.running(images)})

    @torch.no_grad()
    def running(self, images: Tensor) -> list[dict[str, Any]]:
        """Return the share of the batch's mean that the running averages have after some batches of the same images."""
        convolution, norm = first(True, self.seed)
        assert isinstance(norm, nn.BatchNorm2d)
        outputs, found = convolution(images), []
        target = outputs.mean((0, 2, 3))
        for count in range(1, max(self.batches, default=0) + 1):
            norm(outputs)
            if count in self.batches and norm.running_mean is not None:
                found.append({"batches": count, "share": float(norm.running_mean @ target / (target @ target))})
        return found


def first(batch_norm: bool, seed: int) -> nn.Sequential:
    """Return the first convolution of the course's network, with the batch norm behind it if there is one."""
    network = CNN(batch_norm=batch_norm).build(SHAPE, CLASSES, Generator().manual_seed(seed))
    return network.features[: 1 + batch_norm]  # type: ignore[index, return-value]


@torch.no_grad()
def channels(outputs: Tensor) -> dict[str, list[float]]:
    """Return the smallest and the largest mean and deviation of a channel."""
    means, deviations = outputs.mean((0, 2, 3)), outputs.std((0, 2, 3), correction=0)
    return {name: [float(v.min()), float(v.max())] for name, v in (("mean", means), ("deviation", deviations))}
