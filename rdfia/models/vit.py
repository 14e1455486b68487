"""The vision transformer of part 3, by hand (Dosovitskiy et al. 2021), and its ablations."""

from typing import Literal, cast

import torch
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import Attention, AttentionKind, Grid, Softmax
from rdfia.models.layers import initialise
from rdfia.models.transformer import Activation, Block, Norm, PatchEmbedding, permute_patches

__all__ = ["Attention", "Block", "PatchEmbedding", "ViT", "VisionTransformer", "flops", "permute_patches"]

Pool = Literal["token", "mean"]
Positions = Literal["learned", "sinusoidal", "none"]


class VisionTransformer(nn.Module):
    """Patches, a class token before them, a position for each, blocks, a norm, and a linear head.

    z⁰ = [c; z₁; …; z_T] + p, then z^l = block_l(z^{l-1}), then the head on norm(z^L)₀. With the mean for a pool there
    is no class token, and the head reads the mean of norm(z^L) over the patches.
    """

    def __init__(
        self,
        embed: PatchEmbedding,
        class_token: nn.Parameter | None,
        positions: Tensor | None,
        blocks: list[Block],
        head: nn.Linear,
        grid: Grid,
    ) -> None:
        super().__init__()
        self.grid = grid
        self.embed = embed
        self.class_token, self.positions = class_token, positions  # (1, 1, E) and (1, n, E)
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(head.in_features)
        self.head = head

    def tokens(self, x: Tensor) -> Tensor:
        """The tokens (N, n, E) that enter the first block: those of the patches after the class token, if any."""
        x = self.embed(x)
        x = x if self.class_token is None else formulas.with_class_token(x, self.class_token)
        return x if self.positions is None else formulas.with_positions(x, self.positions)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.tokens(x)))
        return self.head(x.mean(1) if self.class_token is None else x[:, 0])  # type: ignore[no-any-return]

    def attention_maps(self, x: Tensor) -> list[Tensor]:
        """The attention (N, heads, n, n) of every block, first to last, on images (N, C, H, W)."""
        x, found = self.tokens(x), []
        for block in self.blocks:
            found.append(cast(Block, block).weights(x))
            x = block(x)
        return found

    def attention_to_patches(self, weights: Tensor) -> Tensor:
        """What the head's token gathers from each patch (…, rows, columns), from attention or a rollout (…, n, n)."""
        read = weights.mean(-2) if self.class_token is None else weights[..., 0, 1:]
        return read.reshape(*read.shape[:-1], *self.grid)


class ViT(Config):
    """A vision transformer of `blocks` blocks over `patch_size`² patches, embedded in `embed` dimensions.

    As given it is the course's network; `pool`, `positions`, `norm`, `residual`, `activation` and `attention` each take
    away or exchange one part of it. Whatever they are, the parts that are left start from the same weights.
    """

    name: Literal["vit"] = "vit"
    embed: int = Field(32, ge=1)
    patch_size: int = Field(7, ge=1)
    blocks: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    mlp_ratio: int = Field(4, ge=1)
    pool: Pool = "token"
    positions: Positions = "learned"
    norm: Norm = "pre"
    residual: bool = True
    activation: Activation = "gelu"
    attention: AttentionKind = Softmax()

    @model_validator(mode="after")
    def _heads_divide(self) -> "ViT":
        if self.embed % self.heads:
            raise ValueError(f"heads that divide embed ({self.embed} / {self.heads})")
        if self.positions == "sinusoidal" and self.embed % 2:
            raise ValueError(f"an even embed for sinusoidal positions ({self.embed})")
        return self

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        grid = self.grid(shape)
        embed = PatchEmbedding(shape[0], self.patch_size, self.embed)
        token = nn.Parameter(torch.zeros(1, 1, self.embed)) if self.leading else None
        positions = self._positions(self.leading + grid[0] * grid[1])
        blocks = [self._block(grid) for _ in range(self.blocks)]
        network = VisionTransformer(embed, token, positions, blocks, nn.Linear(self.embed, classes), grid)
        initialise(network, generator)
        for drawn in (token, positions):  # last, so that leaving one out moves no other weight
            if isinstance(drawn, nn.Parameter):
                nn.init.normal_(drawn, std=0.02, generator=generator)
        return network

    @property
    def leading(self) -> int:
        """How many tokens stand before those of the patches."""
        return int(self.pool == "token")

    def grid(self, shape: tuple[int, ...]) -> Grid:
        """Rows and columns of patches in images of this shape (C, H, W)."""
        _, height, width = shape
        if height % self.patch_size or width % self.patch_size:
            raise ConfigError(f"model.patch_size: found {self.patch_size}, allowed: a divisor of {height} and {width}")
        return height // self.patch_size, width // self.patch_size

    def _positions(self, count: int) -> Tensor | None:
        """For each token a weight of its own, sinusoids that are made anew and not among the weights, or nothing."""
        if self.positions == "sinusoidal":
            return nn.Buffer(formulas.sinusoids(count, self.embed)[None], persistent=False)
        return nn.Parameter(torch.zeros(1, count, self.embed)) if self.positions == "learned" else None

    def _block(self, grid: Grid) -> Block:
        attention = self.attention.build(self.embed, self.heads, grid, self.leading)
        return Block(self.embed, self.heads, self.mlp_ratio, attention, self.norm, self.residual, self.activation)


def flops(config: ViT, shape: tuple[int, ...], classes: int) -> int:
    """Multiplications and additions of the matrix products for one image of this shape, forwards: 2 m k n for each.

    Patches 2 T (C P²) E, then for each block 2 (4 + 2 r) n E² + F_A, then the head 2 E classes.
    """
    grid = config.grid(shape)
    patches = grid[0] * grid[1]
    attention = config.attention.flops(config.embed, config.heads, grid, config.leading)
    block = formulas.block_flops(config.leading + patches, config.embed, config.mlp_ratio, attention)
    embedding = 2 * patches * shape[0] * config.patch_size**2 * config.embed
    return int(embedding + config.blocks * block + 2 * config.embed * classes)
