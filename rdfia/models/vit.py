"""The vision transformer of part 3, by hand (Dosovitskiy et al. 2021)."""

import math
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models.layers import initialise


class PatchEmbedding(nn.Module):
    """Images (N, C, H, W) → tokens (N, T, E): a convolution whose stride is its kernel reads each patch once."""

    def __init__(self, channels: int, patch_size: int, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, width, patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(x).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V in `heads` subspaces of d = E / heads dimensions, side by side, then one projection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Attention of each token to each (N, heads, T, T), rows summing to 1, and the values (N, heads, T, d)."""
        n, t, e = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, e // self.heads).permute(2, 0, 3, 1, 4)
        return (q @ k.transpose(2, 3) / math.sqrt(e // self.heads)).softmax(-1), v

    def forward(self, x: Tensor) -> Tensor:
        attention, v = self.weights(x)
        return self.projection((attention @ v).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Block(nn.Module):
    """x ← x + Attention(norm(x)); x ← x + MLP(norm(x)): the residual stays outside the norm."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class VisionTransformer(nn.Module):
    """Patches, a class token before them, a learned position for each, blocks, and a linear head on the class token."""

    def __init__(self, embed: PatchEmbedding, tokens: int, blocks: list[Block], width: int, classes: int) -> None:
        super().__init__()
        self.embed = embed
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, tokens + 1, width))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def tokens(self, x: Tensor) -> Tensor:
        """The tokens (N, 1 + T, E) that enter the first block."""
        x = self.embed(x)
        return torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.positions

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.tokens(x)))
        return self.head(x[:, 0])  # type: ignore[no-any-return]


class ViT(Config):
    """A vision transformer of `blocks` blocks over `patch_size`² patches, embedded in `embed` dimensions."""

    name: Literal["vit"] = "vit"
    embed: int = Field(32, ge=1)
    patch_size: int = Field(7, ge=1)
    blocks: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    mlp_ratio: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> "ViT":
        if self.embed % self.heads:
            raise ValueError(f"heads that divide embed ({self.embed} / {self.heads})")
        return self

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        depth, height, width = shape
        if height % self.patch_size or width % self.patch_size:
            raise ConfigError(f"model.patch_size: found {self.patch_size}, allowed: a divisor of {height} and {width}")
        tokens = (height // self.patch_size) * (width // self.patch_size)
        blocks = [Block(self.embed, self.heads, self.mlp_ratio) for _ in range(self.blocks)]
        network = VisionTransformer(
            PatchEmbedding(depth, self.patch_size, self.embed), tokens, blocks, self.embed, classes
        )
        initialise(network, generator)
        for token in (network.class_token, network.positions):
            nn.init.normal_(token, std=0.02, generator=generator)
        return network
