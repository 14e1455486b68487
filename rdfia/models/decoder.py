"""Masked autoencoding of images (He et al. 2022): random masking, the encoder, the decoder, and the loss."""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models.attention import Grid
from rdfia.models.attention_formulas import patches, sinusoids
from rdfia.models.layers import initialise
from rdfia.models.transformer import Block, unpatchify

MLP_RATIO = 4


@dataclass(frozen=True)
class Masking:
    """The indices of the visible (N, V) and of the hidden patches (N, H) of each image, ascending."""

    visible: Tensor
    hidden: Tensor


def random_masking(images: int, patches: int, hidden: int, generator: Generator) -> Masking:
    """Hide `hidden` patches of each image, uniformly at random."""
    order = torch.rand(images, patches, generator=generator, device=generator.device).argsort(1)
    return Masking(order[:, hidden:].sort(1).values, order[:, :hidden].sort(1).values)


def hidden_count(share: float, patches: int) -> int:
    """Return the number of patches for a share; a share that hides none or all is a ConfigError."""
    hidden = round(share * patches)
    if not 0 < hidden < patches:
        allowed = f"a share that hides at least 1 of the {patches} patches and leaves 1"
        raise ConfigError(f"mask: found {share:g}, which hides {hidden} of {patches}, allowed: {allowed}")
    return hidden


def gather_tokens(tokens: Tensor, positions: Tensor) -> Tensor:
    """Gather the tokens (N, n, E) at the positions (N, k) of each image: (N, k, E)."""
    return tokens.gather(1, positions[:, :, None].expand(-1, -1, tokens.shape[2]))


def encode_visible(vit: Any, x: Tensor, visible: Tensor) -> Tensor:
    """Return the output of timm's vision transformer for the class token and the visible patches: (N, 1 + V, E).

    Hidden patches are removed after the positions are added, and before the first block.
    """
    tokens, leading = vit._pos_embed(vit.patch_embed(x)), vit.num_prefix_tokens
    visible_tokens = torch.cat([tokens[:, :leading], gather_tokens(tokens[:, leading:], visible)], 1)
    return vit.norm(vit.blocks(vit.norm_pre(visible_tokens)))  # type: ignore[no-any-return]


def standardise_patches(parts: Tensor, epsilon: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
    """Return (p - mean(p)) / √(var(p) + ε) for each patch p of (N, T, C·P²), and the mean and the root (N, T, 1).

    He et al. 2022, section 4.1: a target that emphasises the contrast within a patch.
    """
    mean = parts.mean(2, keepdim=True)
    root = (parts.var(2, keepdim=True) + epsilon).sqrt()
    return (parts - mean) / root, mean, root


class MaskedDecoder(nn.Module):
    """Visible tokens → the pixels of the hidden patches.

    The tokens are projected to `embed` dimensions, and a learned token [mask] is appended for each hidden patch. All
    get fixed positions, sinusoids of row and column, and pass the blocks, a norm, and a layer to the C·P² pixels.
    """

    def __init__(self, width: int, embed: int, blocks: list[Block], grid: Grid, pixels: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(width, embed)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, embed))
        self.positions = nn.Buffer(sinusoids_2d(grid, embed)[None], persistent=False)  # (1, T, E)
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(embed)
        self.pixels = nn.Linear(embed, pixels)

    def forward(self, tokens: Tensor, masking: Masking) -> Tensor:
        """Predict the pixels (N, H, C·P²) from the tokens (N, leading + V, E)."""
        x = self.narrow(tokens)
        leading, hidden = x.shape[1] - masking.visible.shape[1], masking.hidden.shape[1]
        masks = self.mask_token.to(x.dtype).expand(len(x), hidden, -1)
        order = torch.cat([masking.visible, masking.hidden], 1)
        placed = torch.cat([x[:, leading:], masks], 1) + gather_tokens(self.positions.expand(len(x), -1, -1), order)
        x = self.norm(self.blocks(torch.cat([x[:, :leading], placed], 1)))
        return self.pixels(x[:, -hidden:])  # type: ignore[no-any-return]


def sinusoids_2d(grid: Grid, width: int) -> Tensor:
    """Return positions (rows · columns, E): sinusoids of the row in the first half, of the column in the second."""
    rows, columns = grid
    half = width // 2
    by_row, by_column = sinusoids(rows, half), sinusoids(columns, half)
    return torch.cat([by_row.repeat_interleave(columns, 0), by_column.repeat(rows, 1)], 1)


class Decoder(Config):
    """A decoder of `depth` blocks in `embed` dimensions: small, since it is discarded after training."""

    embed: int = Field(64, ge=4, multiple_of=4)
    depth: int = Field(1, ge=1, le=1000)
    heads: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> "Decoder":
        if self.embed % self.heads:
            raise ValueError(f"heads that divide embed ({self.embed} / {self.heads})")
        return self

    def build(self, width: int, grid: Grid, pixels: int, generator: Generator) -> MaskedDecoder:
        """Return the decoder of tokens of this width, on a grid of patches of `pixels` values each."""
        blocks = [Block(self.embed, self.heads, MLP_RATIO) for _ in range(self.depth)]
        decoder = MaskedDecoder(width, self.embed, blocks, grid, pixels)
        initialise(decoder, generator)
        nn.init.normal_(decoder.mask_token, std=0.02, generator=generator)
        return decoder


class Autoencoder(nn.Module):
    """timm's vision transformer as the encoder, and the decoder that is discarded after training.

    With `contrast` the targets are standardised patches.
    """

    def __init__(self, vit: Any, settings: Decoder, mask: float, contrast: bool, generator: Generator) -> None:
        super().__init__()
        self.vit, self.contrast, self.grid = vit, contrast, vit.patch_embed.grid_size
        self.patch_size, _ = vit.patch_embed.patch_size
        self.hidden = hidden_count(mask, vit.patch_embed.num_patches)
        self.decoder = settings.build(vit.embed_dim, self.grid, vit.in_chans * self.patch_size**2, generator)

    def trainable_parameters(self) -> list[nn.Parameter]:
        """Return all weights except those of the head, which training does not change."""
        return [weight for name, weight in self.named_parameters() if not name.startswith("vit.head.")]

    def sample_masking(self, images: int, generator: Generator) -> Masking:
        """Sample the masking of a batch of `images` images."""
        return random_masking(images, self.grid[0] * self.grid[1], self.hidden, generator)

    def forward(self, x: Tensor, masking: Masking) -> Tensor:
        """Predict the hidden patches: (N, hidden, C·P²)."""
        return self.decoder(encode_visible(self.vit, x, masking.visible), masking).float()  # type: ignore[no-any-return]

    def loss(self, x: Tensor, masking: Masking) -> Tensor:
        """Return the mean of (predicted - true)² over the pixels of the hidden patches."""
        true = gather_tokens(patches(x, self.patch_size), masking.hidden)
        return F.mse_loss(self(x, masking), standardise_patches(true)[0] if self.contrast else true)

    def reconstructions(self, x: Tensor, masking: Masking) -> Tensor:
        """Return the images, their visible part, and their reconstruction (3, N, C, H, W).

        Hidden pixels are nan in the second; the third has the visible patches of the first.
        """
        true, predicted = patches(x, self.patch_size), self(x, masking)
        positions = masking.hidden[:, :, None].expand_as(predicted)
        if self.contrast:
            _, mean, root = standardise_patches(true.gather(1, positions))
            predicted = predicted * root + mean
        kinds = (true, true.scatter(1, positions, math.nan), true.scatter(1, positions, predicted))
        return torch.stack([unpatchify(kind, self.grid, self.patch_size) for kind in kinds])
