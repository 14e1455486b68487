"""The vision transformer of part 3, by hand (Dosovitskiy et al. 2021), and its ablations."""

from typing import Annotated, Literal, cast

import torch
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import AttentionKind, Grid, Softmax
from rdfia.models.layers import initialise
from rdfia.models.transformer import Activation, Block, Norm, PatchEmbedding, PrintedBlock

Pool = Literal["token", "mean"]
Positions = Literal["learned", "sinusoidal", "none"]


class VisionTransformer(nn.Module):
    """Patches, a class token before them, a position for each, blocks, a norm, and a linear head.

    z⁰ = [c; z₁; …; z_T] + p, then z^l = block_l(z^{l-1}), then the head on norm(z^L)₀. With mean pooling there is no
    class token, and the head reads the mean of norm(z^L) over the patches.
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
        """Return the input tokens (N, n, E) of the first block: the class token, if any, then the patches."""
        x = self.embed(x)
        x = x if self.class_token is None else formulas.with_class_token(x, self.class_token)
        return x if self.positions is None else formulas.with_positions(x, self.positions)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.tokens(x)))
        return self.head(x.mean(1) if self.class_token is None else x[:, 0])  # type: ignore[no-any-return]

    def attention_maps(self, x: Tensor) -> list[Tensor]:
        """Return the attention weights (N, heads, n, n) of every block, first to last, on images (N, C, H, W)."""
        x, maps = self.tokens(x), []
        for block in self.blocks:
            maps.append(cast(Block, block).weights(x))
            x = block(x)
        return maps

    def attention_to_patches(self, weights: Tensor) -> Tensor:
        """Return the attention of the token that the head reads to each patch (…, rows, columns), from (…, n, n)."""
        pooled = weights.mean(-2) if self.class_token is None else weights[..., 0, 1:]
        return pooled.reshape(*pooled.shape[:-1], *self.grid)


class ViT(Config):
    """A vision transformer of `blocks` blocks over `patch_size`² patches, embedded in `embed` dimensions.

    The defaults are the course's network; `pool`, `positions`, `norm`, `residual`, `activation` and `attention` each
    remove or replace one part of it, and the remaining parts start from the same weights.
    """

    name: Literal["vit"] = "vit"
    embed: int = Field(32, ge=1)
    patch_size: int = Field(7, ge=1)
    blocks: int = Field(2, ge=1, le=1000)
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
        for parameter in (token, positions):  # last, so that removing one changes no other weight
            if isinstance(parameter, nn.Parameter):
                nn.init.normal_(parameter, std=0.02, generator=generator)
        return network

    @property
    def leading(self) -> int:
        """The number of tokens before those of the patches."""
        return int(self.pool == "token")

    def grid(self, shape: tuple[int, ...]) -> Grid:
        """Return the rows and columns of patches in images of this shape (C, H, W)."""
        if len(shape) != 3:
            raise ConfigError("model.name: found vit on points, allowed: mlp, svm")
        _, height, width = shape
        if height % self.patch_size or width % self.patch_size:
            raise ConfigError(f"model.patch_size: found {self.patch_size}, allowed: a divisor of {height} and {width}")
        return height // self.patch_size, width // self.patch_size

    def _positions(self, count: int) -> Tensor | None:
        """Return a learned position for each token, sinusoids that are not saved with the weights, or None."""
        if self.positions == "sinusoidal":
            return nn.Buffer(formulas.sinusoids(count, self.embed)[None], persistent=False)
        return nn.Parameter(torch.zeros(1, count, self.embed)) if self.positions == "learned" else None

    def _block(self, grid: Grid) -> Block:
        attention = self.attention.build(self.embed, self.heads, grid, self.leading)
        return Block(self.embed, self.heads, self.mlp_ratio, attention, self.norm, self.residual, self.activation)


class PrintedViT(ViT):
    """The same with blocks as R2023a prints them; `norm`, `residual` and `activation` have no say there."""

    name: Literal["printed_vit"] = "printed_vit"  # type: ignore[assignment]

    def _block(self, grid: Grid) -> Block:
        attention = self.attention.build(self.embed, self.heads, grid, self.leading)
        return PrintedBlock(self.embed, self.heads, self.mlp_ratio, attention)


Transformer = Annotated[ViT | PrintedViT, Field(discriminator="name")]
