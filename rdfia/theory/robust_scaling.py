"""Question 1d.21: where robust scaling puts the middle of the pixels, as one report prints it and as it is meant.

The pixels are those of images that are painted as the embedded ones are.
"""

from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from rdfia.config import Config
from rdfia.data.normalise import Robust, fit_all, to_unit
from rdfia.data.objects import Objects
from rdfia.data.spectra import quartiles
from rdfia.data.store import Split
from rdfia.theory.answer import Answer


class RobustScaling(Config):
    """Both formulas on `images` images."""

    name: Literal["robust_scaling"] = "robust_scaling"
    images: int = Field(500, ge=10, le=10**4)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return for each formula where the channels' middles come to lie; the circles are not needed."""
        images = Objects(train=self.images, test=10, seed=self.seed).load(Path()).train.x
        scaled = {
            "(X − Q1)/(Q3 − Q1)": (as_printed(images), ["R2023a"]),
            "(X − median)/(Q3 − Q1)": (Robust().build(fit_all(images, [Robust]))(to_unit(images)), []),
        }
        found = [{"written": written, "reports": by, **middle(x)} for written, (x, by) in scaled.items()]
        return Answer({"images": self.images, "formulas": found})


def as_printed(images: Tensor) -> Tensor:
    """(X - Q1) / (Q3 - Q1), with the quartiles of each channel's values."""
    found = torch.stack([quartiles(channel) for channel in images.unbind(1)], 1)[..., None, None]  # (3, C, 1, 1)
    return (to_unit(images) - found[0]) / (found[2] - found[0])


def middle(x: Tensor) -> dict[str, Any]:
    """Return the smallest and the largest median of a channel, and the share of all values below zero."""
    medians = [float(quartiles(channel)[1]) for channel in x.unbind(1)]
    return {"medians": [min(medians), max(medians)], "negative": float((x < 0).float().mean())}
