"""What a transformer is built of: patches as tokens, and blocks of attention and MLP."""

from typing import Literal

import torch
from torch import Generator, Tensor, nn

from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import Attention

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

    A convolution whose stride is its kernel reads each patch once (Dosovitskiy et al. 2021).
    """

    def __init__(self, channels: int, patch_size: int, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, width, patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(x).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class Block(nn.Module):
    """x ← x + Attention(norm(x)); x ← x + MLP(norm(x)): the residual stays outside the norm (`pre`).

    With the addition inside it is another network: x ← norm(x + Attention(x)); x ← norm(x + MLP(x)) (`post`), the
    original of Vaswani et al. 2017; Xiong et al. 2020 compare the two. Without `residual` the x + is left out.
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
        """The attention (N, heads, n, n) of the block to the tokens that enter it."""
        return self.attention.weights(self.norm1(x) if self.pre else x)[0]


def permute_patches(images: Tensor, patch_size: int, order: Tensor | Generator) -> Tensor:
    """The images with their patches in another order: row i of `order` (N, T) says which patch stands at each place.

    A generator draws an order for each image. What a network says of the shuffled images shows what it knows of places.
    """
    parts = formulas.patches(images, patch_size)  # (N, T, C·P²)
    if isinstance(order, Generator):
        order = torch.rand(parts.shape[:2], generator=order, device=order.device).argsort(1).to(images.device)
    moved = parts.gather(1, order[:, :, None].expand_as(parts))
    rows, columns = (side // patch_size for side in images.shape[2:])
    grid = moved.view(-1, rows, columns, images.shape[1], patch_size, patch_size)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(images.shape)
