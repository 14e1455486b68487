"""Handcrafted features: histograms of oriented gradients (Dalal and Triggs 2005)."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, ConfigError

EPSILON = 1e-3  # of a gradient, where black to white is 1: weaker blocks are damped


class OrientedGradients(nn.Module):
    """Images (N, C, H, W) → features (N, (rows - 1) · (columns - 1) · 4 · orientations).

    1. gx = (x[i, j+1] - x[i, j-1]) / 2 and gy likewise down the rows, of the channel with the largest gradient;
    2. m = √(gx² + gy²) votes for θ = atan2(gy, gx) mod π, shared linearly between the two nearest of K bins, bin k
       being at kπ/K: brightness that grows to the right is bin 0, downwards bin K/2;
    3. the votes of a cell are averaged; pixels beyond the last whole cell are ignored;
    4. every block of 2×2 cells becomes v / √(‖v‖² + ε²), so that a cell counts in up to four blocks.
    """

    def __init__(self, orientations: int, cell: int) -> None:
        super().__init__()
        self.orientations, self.cell = orientations, cell

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.cells(x)).flatten(1)

    def cells(self, x: Tensor) -> Tensor:
        """Return the histogram of every cell (N, K, rows, columns), not yet normalised."""
        magnitude, angle = _polar(*_largest(*_differences(x)))
        return F.avg_pool2d(magnitude.unsqueeze(1) * self.shares(angle), self.cell)

    def shares(self, angle: Tensor) -> Tensor:
        """Return each bin's share of a vote for θ (N, H, W): max(0, 1 - circular distance in bins) (N, K, H, W)."""
        count = self.orientations
        bins = torch.arange(count, device=angle.device, dtype=angle.dtype).view(1, -1, 1, 1)
        distance = torch.remainder(angle.unsqueeze(1) * count / math.pi - bins + count / 2, count) - count / 2
        return (1 - distance.abs()).clamp(min=0)

    def blocks(self, cells: Tensor) -> Tensor:
        """Return the blocks of 2×2 cells as vectors of norm 1 (N, rows - 1, columns - 1, 4K)."""
        corners = (cells[..., :-1, :-1], cells[..., :-1, 1:], cells[..., 1:, :-1], cells[..., 1:, 1:])
        block = torch.cat(corners, 1).permute(0, 2, 3, 1)
        return block / (block.square().sum(-1, keepdim=True) + EPSILON**2).sqrt()


def _differences(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return central differences along rows and columns, with replicated borders."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2, (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2


def _largest(gx: Tensor, gy: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each pixel, the gradient of the channel where it is largest (N, H, W)."""
    channel = (gx.square() + gy.square()).argmax(1, keepdim=True)
    return gx.gather(1, channel).squeeze(1), gy.gather(1, channel).squeeze(1)


def _polar(gx: Tensor, gy: Tensor) -> tuple[Tensor, Tensor]:
    """Return magnitude and angle; opposite directions fall into the same bin."""
    return torch.hypot(gx, gy), torch.atan2(gy, gx)


class HOG(Config):
    """Histograms of `orientations` unsigned directions in cells of `cell` × `cell` pixels, in blocks of 2×2 cells."""

    name: Literal["hog"] = "hog"
    orientations: int = Field(9, ge=2, le=180)
    cell: int = Field(4, ge=1)

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        if len(shape) != 3:
            raise ConfigError(f"model.features: found hog, allowed: pixels on examples of shape {shape}")
        if 2 * self.cell > min(shape[1:]):
            largest = min(shape[1:]) // 2
            raise ConfigError(f"model.features.cell: found {self.cell}, allowed: 1 to {largest}, for 2×2 cells a block")
        return OrientedGradients(self.orientations, self.cell)
