"""The targets of training: labels, or shares of the classes where labels are smoothed or images are mixed."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Generator, Tensor

from rdfia.data.mixing import Mixing


@dataclass(frozen=True)
class Targets:
    """Plain labels, or (1 - ε) one-hot + ε / classes (Szegedy et al. 2016), then mixed as the images are."""

    classes: int
    smoothing: float = 0.0
    mixing: Mixing | None = None

    def __call__(self, images: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return images, and labels (…, N) or shares (…, N, classes)."""
        if not self.smoothing and self.mixing is None:
            return images, y
        shares = F.one_hot(y, self.classes) * (1 - self.smoothing) + self.smoothing / self.classes
        return self.mixing(images, shares, generator) if self.mixing else (images, shares)
