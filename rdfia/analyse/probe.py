"""Small arrays taken from a trained network, from which the report draws: filters, decision regions, attention."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rdfia.data.store import Split
from rdfia.models.cnn import ConvNet
from rdfia.models.vit import VisionTransformer
from rdfia.train.classifier import Classifier

GRID, EXTENT = 81, 2.0
IMAGES = 6


@torch.no_grad()
def probe(model: Classifier, seen: Split) -> Mapping[str, Tensor]:
    """Whatever can be drawn of this network on examples like `seen`, by name."""
    network: nn.Module = model.network
    if seen.x.ndim == 2:
        return boundary(model, seen)
    if isinstance(network, ConvNet):
        return {"filters": next(m for m in network.modules() if isinstance(m, nn.Conv2d)).weight.float()}
    if isinstance(network, VisionTransformer):
        return attention(model, network, seen.x[:IMAGES].clone())
    return {}


def boundary(model: Classifier, seen: Split) -> dict[str, Tensor]:
    """The probability of class 1 over [-2, 2]², row 0 at y = -2, and the examples (N, 3) as x, y, class."""
    line = torch.linspace(-EXTENT, EXTENT, GRID)
    y, x = torch.meshgrid(line, line, indexing="ij")
    probability = model(torch.stack([x, y], -1).view(-1, 2)).softmax(1)[:, 1]
    return {"boundary": probability.view(GRID, GRID), "points": torch.cat([seen.x, seen.y[:, None]], 1).float()}


def attention(model: Classifier, network: VisionTransformer, images: Tensor) -> dict[str, Tensor]:
    """How the class token attends to the patches in the last block: (images, heads, rows, columns) of patches."""
    x = network.tokens(model.preprocess(images))
    *before, last = network.blocks
    for block in before:
        x = block(x)
    weights, _ = last.attention.weights(last.norm1(x))  # type: ignore[operator, union-attr]
    side = int((x.shape[1] - 1) ** 0.5)
    return {"attention": weights[:, :, 0, 1:].unflatten(2, (side, side)), "inputs": images}
