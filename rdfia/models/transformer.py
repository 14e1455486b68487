"""The parts of a vision transformer: patch embedding, and blocks of attention and MLP; and the order of patches."""

from typing import Literal

import torch
from torch import Generator, Tensor, nn

from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import Attention, Grid

Norm = Literal["pre", "post"]
Activation = Literal["gelu", "relu"]
ACTIVATIONS: dict[Activation, type[nn.Module]] = {"gelu": nn.GELU, "relu": nn.ReLU}
ARRANGEMENTS = {
    ("pre", True): formulas.pre_norm,
    ("post", True): formulas.post_norm,
    ("pre", False): formulas.pre_norm_alone,
    ("post", False): formulas.post_norm_alone,
}


class PatchEmbedding(nn.Module):
    """Images (N, C, H, W) → tokens (N, T, E), z_t = x_t Wᵀ + b for the C·P² numbers x_t of patch t.

    A convolution whose stride is its kernel size reads each patch once (Dosovitskiy et al. 2021).
    """

    def __init__(self, channels: int, patch_size: int, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, width, patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(x).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class Block(nn.Module):
    """x ← x + Attention(norm(x)); x ← x + MLP(norm(x)): the residual stays outside the norm (`pre`).

    With the addition inside the norm it is x ← norm(x + Attention(x)); x ← norm(x + MLP(x)) (`post`), the original of
    Vaswani et al. 2017; Xiong et al. 2020 compare the two. Without `residual` there is no addition.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        ratio: int,
        attention: Attention | None = None,
        norm: Norm = "pre",
        residual: bool = True,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        self.pre, self.arranged = norm == "pre", ARRANGEMENTS[norm, residual]
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads) if attention is None else attention
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, ratio * width), ACTIVATIONS[activation](), nn.Linear(ratio * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.arranged(x, self.norm1, self.attention)
        return self.arranged(x, self.norm2, self.mlp)

    def weights(self, x: Tensor) -> Tensor:
        """Return the attention weights (N, heads, n, n) of the block on its input tokens."""
        return self.attention.weights(self.norm1(x) if self.pre else x)[0]


class PrintedBlock(Block):
    """x ← Attention(norm(x) + x); x ← MLP(norm(x) + x), as R2023a prints it: nothing goes around either."""

    def __init__(self, width: int, heads: int, ratio: int, attention: Attention) -> None:
        super().__init__(width, heads, ratio, attention)
        self.arranged = formulas.printed

    def weights(self, x: Tensor) -> Tensor:
        return self.attention.weights(self.norm1(x) + x)[0]


def permute_patches(images: Tensor, patch_size: int, order: Tensor | Generator) -> Tensor:
    """Return the images with their patches reordered: `order[i]` (N, T) has the patch at each position of image i.

    A generator samples an order for each image. The loss of accuracy measures how much a network uses positions.
    """
    parts = formulas.patches(images, patch_size)  # (N, T, C·P²)
    if isinstance(order, Generator):
        order = torch.rand(parts.shape[:2], generator=order, device=order.device).argsort(1).to(images.device)
    moved = parts.gather(1, order[:, :, None].expand_as(parts))
    return unpatchify(moved, (images.shape[2] // patch_size, images.shape[3] // patch_size), patch_size)


def unpatchify(parts: Tensor, grid: Grid, patch_size: int) -> Tensor:
    """Return the images (N, C, H, W) made of the patches (N, T, C·P²) on a grid of rows and columns."""
    split = parts.view(len(parts), *grid, -1, patch_size, patch_size)  # (N, rows, columns, C, P, P)
    return split.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
