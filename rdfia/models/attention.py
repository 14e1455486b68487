"""Attention in three kinds (every token to every token, by kernels, within windows), and its rollout."""

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
    """softmax(Q Kᵀ / √d) V in `heads` parallel subspaces of d = E / heads dimensions, then one projection.

    Vaswani et al. 2017. The time and the memory grow with the square of the number of tokens.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values (N, heads, n, d) of the tokens (N, n, E)."""
        q, k, v = formulas.split_heads(self.qkv(x), self.heads)
        return q, k, v

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the attention weights (N, heads, n, n), whose rows sum to 1, and the values (N, heads, n, d)."""
        q, k, v = self.split(x)
        return self.attention_matrix(q, k), v

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the matrix A with A V = attend(Q, K, V)."""
        return formulas.attention_weights(q, k)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Return the weighted sums of the values for each token (N, heads, n, d)."""
        return formulas.attention(q, k, v)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(formulas.joined_heads(self.attend(*self.split(x))))  # type: ignore[no-any-return]


class FusedAttention(Attention):
    """Softmax attention by PyTorch's kernel, which need not hold the n² weights in memory (Dao et al. 2022)."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v)


class LinearAttention(Attention):
    """φ(Q) (φ(K)ᵀ V) / φ(Q) (φ(K)ᵀ 1) with φ = elu + 1 (Katharopoulos et al. 2020).

    By associativity φ(K)ᵀ V is computed first, d × d for any number of tokens, so the time grows with n and not n².
    """

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        return formulas.linear_attention_weights(q, k)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return formulas.linear_attention(q, k, v)


class WindowedAttention(Attention):
    """Softmax attention of the patches within windows of `size`² (Liu et al. 2021, without their shift).

    A class token, if any, is in every window and attends to every token (Beltagy et al. 2020): only it passes
    information between windows.
    """

    def __init__(self, width: int, heads: int, grid: Grid, size: int, leading: int) -> None:
        super().__init__(width, heads)
        self.leading = leading
        members = windows(grid, size) + leading
        first = torch.arange(leading).expand(len(members), -1)
        # Computed from the settings, so not saved with the weights
        self.members = nn.Buffer(members, persistent=False)  # (windows, size²): the tokens of the queries
        self.keys = nn.Buffer(torch.cat([first, members], 1), persistent=False)  # the tokens of the keys
        self.order = nn.Buffer(members.flatten().argsort(), persistent=False)  # inverse of `members`

    def attention_matrix(self, q: Tensor, k: Tensor) -> Tensor:
        n = q.shape[2]
        masked = torch.ones(n, n, dtype=torch.bool, device=q.device)
        masked[: self.leading] = False
        masked[self.members[:, :, None], self.keys[:, None, :]] = False
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        return scores.masked_fill(masked, -torch.inf).softmax(-1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        first = formulas.attention(q[:, :, : self.leading], k, v)
        # (N, heads, windows, size², d)
        patches = formulas.attention(q[:, :, self.members], k[:, :, self.keys], v[:, :, self.keys])
        return torch.cat([first, patches.flatten(2, 3)[:, :, self.order]], 2)


def windows(grid: Grid, size: int) -> Tensor:
    """Return the patches of each window, row by row (windows, size²)."""
    rows, columns = grid
    places = torch.arange(rows * columns).view(rows // size, size, columns // size, size)
    return places.transpose(1, 2).reshape(-1, size * size)


def rollout(weights: Sequence[Tensor]) -> Tensor:
    """Return the attention of each output token to each input token (N, n, n), whose rows sum to 1.

    R_l = ½ (mean over heads of A_l + I) R_{l-1}, from the attention (N, heads, n, n) of each block, first to last; I
    accounts for the residual (Abnar and Zuidema 2020).
    """
    first, *others = weights
    result = formulas.with_residual(first)
    for layer in others:
        result = formulas.rolled(result, layer)
    return result


class Softmax(Config):
    """Every token attends to every token, with softmax(Q Kᵀ / √d) V `written` out or by PyTorch's `fused` kernel."""

    name: Literal["softmax"] = "softmax"
    kernel: Literal["written", "fused"] = "written"

    def build(self, width: int, heads: int, grid: Grid, leading: int) -> Attention:
        return FusedAttention(width, heads) if self.kernel == "fused" else Attention(width, heads)

    def flops(self, width: int, heads: int, grid: Grid, leading: int) -> int:
        """Return those of Q Kᵀ and A V: 4 n² E."""
        return int(formulas.attention_flops(leading + grid[0] * grid[1], width))


class Linear(Config):
    """Every token attends to every token by the kernel elu + 1, in time linear in their number."""

    name: Literal["linear"] = "linear"

    def build(self, width: int, heads: int, grid: Grid, leading: int) -> Attention:
        return LinearAttention(width, heads)

    def flops(self, width: int, heads: int, grid: Grid, leading: int) -> int:
        """Return those of φ(K)ᵀ V, φ(Q) times it, and the divisor: 4 n E d + 2 n E."""
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
        """Return those of the windows and of the l class tokens: 4 T (s² + l) E + 4 l n E."""
        patches = grid[0] * grid[1]
        return int(formulas.windowed_attention_flops(leading + patches, patches, width, self.size))


AttentionKind = Annotated[Annotated[Softmax | Linear | Windowed, Field(discriminator="name")], named]
