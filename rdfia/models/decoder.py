"""Masked autoencoding of images (He et al. 2022): what is hidden, what is seen of the rest, and what is painted."""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.models.attention_formulas import patches, sinusoids
from rdfia.models.layers import initialise
from rdfia.models.transformer import Block

MLP_RATIO = 4


@dataclass(frozen=True)
class Masking:
    """Which patches of each image are visible (N, V) and which are hidden (N, H), in reading order."""

    visible: Tensor
    hidden: Tensor


def random_masking(images: int, patches: int, hidden: int, generator: Generator) -> Masking:
    """`hidden` of the patches of each image, every choice being as likely as any other."""
    order = torch.rand(images, patches, generator=generator, device=generator.device).argsort(1)
    return Masking(order[:, hidden:].sort(1).values, order[:, :hidden].sort(1).values)


def hidden_count(share: float, patches: int) -> int:
    """The share of the patches as a number of them; a share that hides none or all is a ConfigError."""
    hidden = round(share * patches)
    if not 0 < hidden < patches:
        said = f"a share that hides at least 1 of the {patches} patches and leaves 1"
        raise ConfigError(f"mask: found {share:g}, which hides {hidden} of {patches}, allowed: {said}")
    return hidden


def gather_tokens(tokens: Tensor, places: Tensor) -> Tensor:
    """The tokens (N, n, E) at the places (N, k) of each image: (N, k, E)."""
    return tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))


def encode_visible(vit: Any, x: Tensor, visible: Tensor) -> Tensor:
    """What timm's vision transformer makes of the class token and the visible patches alone: (N, 1 + V, E).

    A hidden patch is taken away after every patch has its position, and before the first block.
    """
    tokens, leading = vit._pos_embed(vit.patch_embed(x)), vit.num_prefix_tokens
    kept = torch.cat([tokens[:, :leading], gather_tokens(tokens[:, leading:], visible)], 1)
    return vit.norm(vit.blocks(vit.norm_pre(kept)))  # type: ignore[no-any-return]


def standardise_patches(parts: Tensor, epsilon: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
    """(p - mean(p)) / √(var(p) + ε) for each patch p of (N, T, C·P²), and the mean and the root (N, T, 1).

    He et al. 2022, section 4.1: a target that asks for the contrast within a patch.
    """
    mean = parts.mean(2, keepdim=True)
    root = (parts.var(2, keepdim=True) + epsilon).sqrt()
    return (parts - mean) / root, mean, root


def assembled(parts: Tensor, grid: tuple[int, int], patch_size: int) -> Tensor:
    """The images (N, C, H, W) that have these patches (N, T, C·P²)."""
    split = parts.view(len(parts), *grid, -1, patch_size, patch_size)
    return split.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


class MaskedDecoder(nn.Module):
    """Visible tokens → the pixels of the hidden patches.

    The tokens, made narrow, stand at their places; at each hidden place stands one learned token [mask]. All have
    their positions, fixed sinusoids of row and column, and pass the blocks, a norm, and a layer to the C·P² pixels.
    """

    def __init__(self, width: int, embed: int, blocks: list[Block], grid: tuple[int, int], pixels: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(width, embed)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, embed))
        self.positions = nn.Buffer(sinusoids_2d(grid, embed)[None], persistent=False)  # (1, T, E)
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(embed)
        self.pixels = nn.Linear(embed, pixels)

    def forward(self, tokens: Tensor, chosen: Masking) -> Tensor:
        """Tokens (N, leading + V, E) → pixels (N, H, C·P²)."""
        x = self.narrow(tokens)
        leading, hidden = x.shape[1] - chosen.visible.shape[1], chosen.hidden.shape[1]
        masks = self.mask_token.to(x.dtype).expand(len(x), hidden, -1)
        places = torch.cat([chosen.visible, chosen.hidden], 1)
        standing = torch.cat([x[:, leading:], masks], 1) + gather_tokens(self.positions.expand(len(x), -1, -1), places)
        x = self.norm(self.blocks(torch.cat([x[:, :leading], standing], 1)))
        return self.pixels(x[:, -hidden:])  # type: ignore[no-any-return]


def sinusoids_2d(grid: tuple[int, int], width: int) -> Tensor:
    """Positions (rows · columns, E): sinusoids of the row in the first half, of the column in the second."""
    rows, columns = grid
    half = width // 2
    down, along = sinusoids(rows, half), sinusoids(columns, half)
    return torch.cat([down.repeat_interleave(columns, 0), along.repeat(rows, 1)], 1)


class Decoder(Config):
    """A decoder of `depth` blocks in `embed` dimensions: small, since it is thrown away after training."""

    embed: int = Field(64, ge=4, multiple_of=4)
    depth: int = Field(1, ge=1)
    heads: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> "Decoder":
        if self.embed % self.heads:
            raise ValueError(f"heads that divide embed ({self.embed} / {self.heads})")
        return self

    def build(self, width: int, grid: tuple[int, int], pixels: int, generator: Generator) -> MaskedDecoder:
        """The decoder of tokens of this width, on a grid of patches that have so many pixels each."""
        blocks = [Block(self.embed, self.heads, MLP_RATIO) for _ in range(self.depth)]
        decoder = MaskedDecoder(width, self.embed, blocks, grid, pixels)
        initialise(decoder, generator)
        nn.init.normal_(decoder.mask_token, std=0.02, generator=generator)
        return decoder


class Autoencoder(nn.Module):
    """timm's vision transformer as the encoder of images of its own size, and the decoder that goes after training.

    With `contrast` each patch is painted less its mean and over its deviation.
    """

    def __init__(self, vit: Any, settings: Decoder, mask: float, contrast: bool, generator: Generator) -> None:
        super().__init__()
        self.vit, self.contrast, self.grid = vit, contrast, vit.patch_embed.grid_size
        self.patch_size, _ = vit.patch_embed.patch_size
        self.hidden = hidden_count(mask, vit.patch_embed.num_patches)
        self.decoder = settings.build(vit.embed_dim, self.grid, vit.in_chans * self.patch_size**2, generator)

    def trainable_parameters(self) -> list[nn.Parameter]:
        """All weights but the head's, which training does not touch."""
        return [weight for name, weight in self.named_parameters() if not name.startswith("vit.head.")]

    def sample_masking(self, images: int, generator: Generator) -> Masking:
        """Which patches of so many images are hidden."""
        return random_masking(images, self.grid[0] * self.grid[1], self.hidden, generator)

    def forward(self, x: Tensor, chosen: Masking) -> Tensor:
        """What is painted at the hidden places: (N, hidden, C·P²)."""
        return self.decoder(encode_visible(self.vit, x, chosen.visible), chosen).float()  # type: ignore[no-any-return]

    def loss(self, x: Tensor, chosen: Masking) -> Tensor:
        """The mean of (painted - true)² over the pixels of the hidden patches."""
        true = gather_tokens(patches(x, self.patch_size), chosen.hidden)
        return F.mse_loss(self(x, chosen), standardise_patches(true)[0] if self.contrast else true)

    def reconstructions(self, x: Tensor, chosen: Masking) -> Tensor:
        """Images, what is seen of them, and what is painted (3, N, C, H, W).

        Hidden pixels are no number in the second; the third has the visible patches of the first.
        """
        true, painted = patches(x, self.patch_size), self(x, chosen)
        places = chosen.hidden[:, :, None].expand_as(painted)
        if self.contrast:
            _, mean, root = standardise_patches(true.gather(1, places))
            painted = painted * root + mean
        kinds = (true, true.scatter(1, places, math.nan), true.scatter(1, places, painted))
        return torch.stack([assembled(kind, self.grid, self.patch_size) for kind in kinds])
