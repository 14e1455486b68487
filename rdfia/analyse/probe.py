"""Small arrays taken from a trained network, from which the report draws: filters, decision regions, attention."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from rdfia.analyse.evaluate import own_normaliser, sound_seeds
from rdfia.chapters import predictor
from rdfia.data.store import Split
from rdfia.models.cnn import ConvNet
from rdfia.models.svm import KernelMachine
from rdfia.models.vit import VisionTransformer
from rdfia.train.classifier import Classifier
from rdfia.train.fit import EVALUATION_BATCH
from rdfia.train.margin import draw
from rdfia.train.run import Data

GRID, STRIP, EXTENT = 81, 41, 2.0
IMAGES, MISTAKES = 6, 16


def arrays(
    metrics: Mapping[str, Any], weights: Path, train: Split, validation: Split, test: Split | None = None
) -> dict[str, Tensor]:
    """What is drawn of a run: its first sound seed, at the end and in its snapshots; with `test`, its mistakes too."""
    found = steps(weights)
    config = metrics["config"]
    for seed in sound_seeds(metrics)[:1]:
        model = predictor(metrics, weights, seed)
        found |= probe(model, validation)
        epochs = [epoch for epoch in config.get("snapshots", ()) if epoch < config["epochs"]]
        if "boundary" in found and epochs:
            found["strip"] = strip([predictor(metrics, weights, seed, epoch) for epoch in epochs])
            found["epochs"] = torch.tensor(epochs)
        if "support" in found:
            seen = Data(metrics["data"], {}, (train.x, train.y), (validation.x, validation.y))
            found["points"] = points(Split(*draw(config["sample"], seen, seed)))
        if test is not None and test.x.ndim == 4:
            model.normalise = own_normaliser(metrics, test.x) or model.normalise
            found |= mistakes(model, test)
    return found


def steps(weights: Path) -> dict[str, Tensor]:
    """Rate and loss of every step of every seed (seeds, 2, steps), where they were kept; no number after the end."""
    with safe_open(weights, "pt") as file:
        kept = [file.get_tensor(name) for name in sorted(file.keys()) if name.startswith("steps/")]
    if not kept:
        return {}
    longest = max(part.shape[1] for part in kept)
    return {"trace": torch.stack([F.pad(part, (0, longest - part.shape[1]), value=torch.nan) for part in kept])}


@torch.no_grad()
def probe(model: Classifier, seen: Split) -> Mapping[str, Tensor]:
    """Whatever can be drawn of this network on examples like `seen`, by name."""
    network: nn.Module = model.network
    if seen.x.ndim == 2:
        support = {"support": network.support_points()} if isinstance(network, KernelMachine) else {}
        return {"boundary": boundary(model, GRID), **support}
    if isinstance(network, ConvNet):
        return {"filters": next(m for m in network.modules() if isinstance(m, nn.Conv2d)).weight.float()}
    if isinstance(network, VisionTransformer):
        return attention(model, network, seen.x[:IMAGES].clone())
    return {}


@torch.no_grad()
def boundary(model: Classifier, side: int) -> Tensor:
    """The probability of class 1 at side × side points of [-2, 2]², row 0 at y = -2."""
    line = torch.linspace(-EXTENT, EXTENT, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    probability: Tensor = model(torch.stack([x, y], -1).view(-1, 2)).softmax(1)[:, 1]
    return probability.view(side, side).float()


def strip(models: Sequence[Classifier]) -> Tensor:
    """The boundary of one network as it was at several epochs (epochs, side, side)."""
    return torch.stack([boundary(model, STRIP) for model in models]).half()


def points(split: Split) -> Tensor:
    """Examples in the plane (N, 3) as x, y, class."""
    return torch.cat([split.x, split.y[:, None]], 1).float()


@torch.no_grad()
def mistakes(model: Classifier, seen: Split) -> dict[str, Tensor]:
    """The examples that the network gets most wrong, and for each the true class, the answer and its probability."""
    shares = torch.cat([model(batch) for batch in seen.x.split(EVALUATION_BATCH)]).float().softmax(1)
    probability, answer = shares.max(1)
    wrong = (answer != seen.y).nonzero()[:, 0]
    worst = wrong[shares[wrong, seen.y[wrong]].argsort(stable=True)][:MISTAKES]
    said = torch.stack([seen.y[worst], answer[worst], probability[worst]], 1)
    return {"mistakes": seen.x[worst], "said": said}


def attention(model: Classifier, network: VisionTransformer, images: Tensor) -> dict[str, Tensor]:
    """How the class token attends to the patches in the last block: (images, heads, rows, columns) of patches."""
    x = network.tokens(model.preprocess(images))
    *before, last = network.blocks
    for block in before:
        x = block(x)
    weights, _ = last.attention.weights(last.norm1(x))  # type: ignore[operator, union-attr]
    side = int((x.shape[1] - 1) ** 0.5)
    return {"attention": weights[:, :, 0, 1:].unflatten(2, (side, side)), "inputs": images}
