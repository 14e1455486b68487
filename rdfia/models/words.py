"""Handcrafted features: a bag of visual words (Csurka et al. 2004) over dense descriptors like SIFT's (Lowe 2004)."""

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models.hog import OrientedGradients

CELLS, ORIENTATIONS = 4, 8  # of a descriptor: 4 × 4 cells with 8 directions each, 128 numbers
CUT = 0.2  # of a descriptor of norm 1: a single strong edge does not decide alone
BATCH, PASSES = 1024, 20  # descriptors of a step of k-means, and passes over all at most
MOST = 100_000  # descriptors from which words are made


class VisualWords(nn.Module):
    """Images (N, C, H, W) → how often each of K words is in them (N, K), as the square root of its share.

    1. The histograms of oriented gradients of 4 × 4 cells, at every second cell, are a descriptor: scaled to norm 1,
       cut at 0.2, scaled to norm 1 again.
    2. Each descriptor becomes its nearest word. `fit` makes the words: the centres of K clusters (k-means).
    3. The shares of the words in an image are what is left of it; where each was is forgotten.
    """

    words: Tensor  # (K, 128)

    def __init__(self, count: int, cell: int) -> None:
        super().__init__()
        self.gradients, self.stride = OrientedGradients(ORIENTATIONS, cell), CELLS // 2
        self.register_buffer("words", torch.zeros(count, CELLS**2 * ORIENTATIONS))

    def forward(self, x: Tensor) -> Tensor:
        nearest = self.nearest(self.descriptors(x))
        shares = F.one_hot(nearest, len(self.words)).to(x.dtype).mean(1)
        return shares.sqrt()

    def descriptors(self, x: Tensor) -> Tensor:
        """Return the descriptors of every image (N, places, 128)."""
        windows = F.unfold(self.gradients.cells(x), CELLS, stride=self.stride).transpose(1, 2)
        return F.normalize(F.normalize(windows, dim=-1).clamp(max=CUT), dim=-1)

    def nearest(self, descriptors: Tensor) -> Tensor:
        """Return the word that is nearest to each descriptor (N, places)."""
        return (self.words.square().sum(-1) - 2 * descriptors @ self.words.T).argmin(-1)

    @torch.no_grad()
    def fit(self, x: Tensor, seed: int) -> None:
        """Make the words from the descriptors of train images, or of a part where they are very many."""
        from sklearn.cluster import MiniBatchKMeans
        from threadpoolctl import threadpool_limits

        found = torch.cat([self.descriptors(batch).flatten(0, 1) for batch in x.split(500)])
        if len(found) > MOST:
            found = found[torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))[:MOST]]
        if len(found) < len(self.words):
            raise ConfigError(
                f"model.features.words: found {len(self.words)}, allowed: 1 to {len(found)}, the descriptors"
            )
        clusters = MiniBatchKMeans(len(self.words), random_state=seed, batch_size=BATCH, max_iter=PASSES, n_init=1)
        with threadpool_limits(1):  # runs train side by side, one a core
            self.words.copy_(torch.from_numpy(clusters.fit(found.numpy()).cluster_centers_))


class Words(Config):
    """A dictionary of `words` visual words, made of the train images, over cells of `cell` × `cell` pixels."""

    name: Literal["words"] = "words"
    words: int = Field(100, ge=2, le=100_000)
    cell: int = Field(2, ge=1)

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        if len(shape) != 3:
            raise ConfigError(f"model.features: found words, allowed: pixels on examples of shape {shape}")
        if CELLS * self.cell > min(shape[1:]):
            largest = min(shape[1:]) // CELLS
            raise ConfigError(
                f"model.features.cell: found {self.cell}, allowed: 1 to {largest}, for {CELLS} × {CELLS} cells"
            )
        return VisualWords(self.words, self.cell)
