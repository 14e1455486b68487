"""Attention in three kinds: every token to every token, by kernels, and within windows; and where it leads."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, ConfigError, named
from rdfia.models import attention_formulas as formulas

Grid = tuple[int, int]  # rows and columns of patches


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V in `heads` subspaces of d = E / heads dimensions, side by side, then one projection.

    Vaswani et al. 2017. The time and the memory grow with the square of the number of tokens.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (N, heads, n, d) of the tokens (N, n, E)."""
        q, k, v = formulas.split_heads(self.qkv(x), self.heads)
        return q, k, v

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Attention of each token to each (N, heads, n, n), rows summing to 1, and the values (N, heads, n, d)."""
        q, k, v = self.split(x)
        return self.attention_matrix(q, k), v

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        """A with A V = mix(Q, K, V), written out."""
        return formulas.attention_weights(q, k)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """What each token has gathered from the others (N, heads, n, d)."""
        return formulas.attention(q, k, v)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(formulas.joined_heads(self.attend(*self.split(x))))  # type: ignore[no-any-return]


class FusedAttention(Attention):
    """The same by PyTorch's kernel, which need not hold the n² weights in memory (Dao et al. 2022)."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v)


class LinearAttention(Attention):
    """φ(Q) (φ(K)ᵀ V) / φ(Q) (φ(K)ᵀ 1) with φ = elu + 1 (Katharopoulos et al. 2020).

    The brackets are the point: φ(K)ᵀ V is d × d whatever the number of tokens, so the time grows with n and not n².
    """

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        return formulas.linear_attention_weights(q, k)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return formulas.linear_attention(q, k, v)


class WindowedAttention(Attention):
    """softmax attention of the patches within windows of `size`² (Liu et al. 2021, without their shift).

    A class token, where there is one, is in every window and sees every token (Beltagy et al. 2020): it alone carries
    news from one window to another.
    """

    def __init__(self, width: int, heads: int, grid: Grid, size: int, leading: int) -> None:
        super().__init__(width, heads)
        self.leading = leading
        members = windows(grid, size) + leading
        first = torch.arange(leading).expand(len(members), -1)
        # Made anew from the settings, so not among the weights
        self.members = nn.Buffer(members, persistent=False)  # (windows, size²): the tokens that ask
        self.seen = nn.Buffer(torch.cat([first, members], 1), persistent=False)  # the tokens that are asked
        self.place = nn.Buffer(members.flatten().argsort(), persistent=False)  # windows → tokens in order

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        n = q.shape[2]
        apart = torch.ones(n, n, dtype=torch.bool, device=q.device)
        apart[: self.leading] = False
        apart[self.members[:, :, None], self.seen[:, None, :]] = False
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        return scores.masked_fill(apart, -torch.inf).softmax(-1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        first = formulas.attention(q[:, :, : self.leading], k, v)
        # (N, heads, windows, size², d)
        patches = formulas.attention(q[:, :, self.members], k[:, :, self.seen], v[:, :, self.seen])
        return torch.cat([first, patches.flatten(2, 3)[:, :, self.place]], 2)


def windows(grid: Grid, size: int) -> Tensor:
    """The patches of each window, row by row (windows, size²)."""
    rows, columns = grid
    places = torch.arange(rows * columns).view(rows // size, size, columns // size, size)
    return places.transpose(1, 2).reshape(-1, size * size)


def rollout(weights: Sequence[Tensor]) -> Tensor:
    """How much each token of the input reaches each token of the output (N, n, n), rows summing to 1.

    R_l = ½ (mean over heads of A_l + I) R_{l-1}, from the attention (N, heads, n, n) of each block, first to last; I
    stands for the residual (Abnar and Zuidema 2020).
    """
    first, *others = weights
    rolled = formulas.with_residual(first)
    for layer in others:
        rolled = formulas.rolled(rolled, layer)
    return rolled


class Softmax(Config):
    """Every token attends to every token, with softmax(Q Kᵀ / √d) V `written` out or by PyTorch's `fused` kernel."""

    name: Literal["softmax"] = "softmax"
    kernel: Literal["written", "fused"] = "written"

    def build(self, width: int, heads: int, grid: Grid, leading: int) -> Attention:
        return FusedAttention(width, heads) if self.kernel == "fused" else Attention(width, heads)

    def flops(self, width: int, heads: int, grid: Grid, leading: int) -> int:
        """Of Q Kᵀ and A V: 4 n² E."""
        return int(formulas.attention_flops(leading + grid[0] * grid[1], width))


class Linear(Config):
    """Every token attends to every token by the kernel elu + 1, in a time that grows with their number."""

    name: Literal["linear"] = "linear"

    def build(self, width: int, heads: int, grid: Grid, leading: int) -> Attention:
        return LinearAttention(width, heads)

    def flops(self, width: int, heads: int, grid: Grid, leading: int) -> int:
        """Of φ(K)ᵀ V, φ(Q) times it, and the divisor: 4 n E d + 2 n E."""
        return int(formulas.linear_attention_flops(leading + grid[0] * grid[1], width, width // heads))


class Windowed(Config):
    """The patches attend to each other within windows of `size`² patches."""

    name: Literal["windowed"] = "windowed"
    size: int = Field(2, ge=1)

    def build(self, width: int, heads: int, grid: Grid, leading: int) -> Attention:
        if grid[0] % self.size or grid[1] % self.size:
            allowed = f"a divisor of {grid[0]} and {grid[1]} patches"
            raise ConfigError(f"model.attention.size: found {self.size}, allowed: {allowed}")
        return WindowedAttention(width, heads, grid, self.size, leading)

    def flops(self, width: int, heads: int, grid: Grid, leading: int) -> int:
        """Of the windows, and of the class token where there is one: 4 T (s² + l) E + 4 l n E."""
        patches = grid[0] * grid[1]
        return int(formulas.windowed_attention_flops(leading + patches, patches, width, self.size))


AttentionKind = Annotated[Annotated[Softmax | Linear | Windowed, Field(discriminator="name")], named]
