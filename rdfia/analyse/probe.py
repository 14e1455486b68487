"""Small arrays taken from a trained network, from which the report draws: filters, decision regions, attention."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from rdfia.analyse.evaluate import Networks, networks, own_normaliser
from rdfia.data.store import Split
from rdfia.files import tensors_of
from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import rollout
from rdfia.models.cnn import ConvNet
from rdfia.models.svm import KernelMachine
from rdfia.models.transformer import Block, permute_patches
from rdfia.models.vit import VisionTransformer, ViT
from rdfia.record.predictor import predictor
from rdfia.record.run import RunRecord
from rdfia.train import device
from rdfia.train.classifier import Classifier
from rdfia.train.fit import EVALUATION_BATCH
from rdfia.train.run import Data
from rdfia.train.subset import sample_examples

GRID, STRIP, EXTENT = 81, 41, 2.0
IMAGES, MISTAKES = 6, 16
TURNS: dict[str, tuple[int, ...]] = {  # the dimensions along which an image is flipped
    "as they are": (), "mirrored": (-1,), "upside down": (-2,), "turned by 180°": (-2, -1)
}  # fmt: skip
RESIDUAL = (formulas.pre_norm, formulas.post_norm)  # the arrangements that a rollout speaks of


def arrays(
    record: RunRecord,
    train: Split,
    validation: Split,
    test: Split | None = None,
    shown: bool = True,
    built: Networks | None = None,
) -> dict[str, Tensor]:
    """Return what is drawn of a run: its first sound seed, at the end and in its snapshots; with `test`, its mistakes.

    Of a transformer that is not `shown` there is only the accuracy of every seed on shuffled patches. The networks are
    built here where they are not given.
    """
    built = networks(record) if built is None else built
    found = steps(record.weights) | pictures(record.weights) | permutation(record, validation, built)
    settings = record.settings
    for seed, model in list(built.items())[:1]:
        if shown or not isinstance(model.network, VisionTransformer):
            found |= probe(model, validation)
        epochs = [epoch for epoch in snapshots(record.weights, seed) if epoch < record.seeds[str(seed)]["epoch"]]
        if "boundary" in found and epochs:
            found["strip"] = strip([predictor(record, seed, epoch) for epoch in epochs])
            found["epochs"] = torch.tensor(epochs)
        if "support" in found:
            seen = Data(record.data, {}, (train.x, train.y), (validation.x, validation.y))
            balanced = settings.get("balanced", False)  # records made before there was a choice have none
            found["points"] = points(Split(*sample_examples(settings["sample"], seen, seed, balanced)))
        if test is not None and test.x.ndim == 4 and "mask" not in settings:  # a readout gives no probabilities
            model.normalise = own_normaliser(record, test.x) or model.normalise
            found |= mistakes(model, test)
    return found


def pictures(weights: Path) -> dict[str, Tensor]:
    """What a network that paints has painted, where it was kept."""
    with tensors_of(weights), safe_open(weights, "pt") as file:
        return {"pictures": file.get_tensor("pictures/0")} if "pictures/0" in file.keys() else {}  # noqa: SIM118


def snapshots(weights: Path, seed: int) -> list[int]:
    """The epochs of which a seed's weights were kept: not all that were asked for where training ended early."""
    with tensors_of(weights), safe_open(weights, "pt") as file:
        heads = {name.partition("/")[0].partition("@") for name in file.keys()}  # noqa: SIM118
    return sorted(int(epoch) for owner, _, epoch in heads if owner == f"seed{seed}" and epoch)


def steps(weights: Path) -> dict[str, Tensor]:
    """Rate and loss of every step of every seed (seeds, 2, steps), where they were kept; no number after the end."""
    with tensors_of(weights), safe_open(weights, "pt") as file:
        seeds = sorted(int(name.partition("/")[2]) for name in file.keys() if name.startswith("steps/"))  # noqa: SIM118
        kept = [file.get_tensor(f"steps/{seed}") for seed in seeds]
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
        grey = {"turned": turned(model, seen)} if seen.x.shape[1] == 1 else {}
        return {"filters": next(m for m in network.modules() if isinstance(m, nn.Conv2d)).weight.float(), **grey}
    if isinstance(network, VisionTransformer):
        return transformer(model, network, seen.x[:IMAGES].clone())
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
    prediction = torch.stack([seen.y[worst], answer[worst], probability[worst]], 1)
    return {"mistakes": seen.x[worst], "prediction": prediction}


@torch.no_grad()
def turned(model: Classifier, seen: Split) -> Tensor:
    """How often each class (rows) is answered by each (columns), for images in each of `TURNS`."""
    classes = len(model(seen.x[:1])[0])
    counts = []
    for axes in TURNS.values():
        answers = torch.cat([model(batch.flip(axes)).argmax(1) for batch in seen.x.split(EVALUATION_BATCH)])
        counts.append((seen.y * classes + answers).bincount(minlength=classes**2).view(classes, classes))
    return torch.stack(counts)


def transformer(model: Classifier, network: VisionTransformer, images: Tensor) -> dict[str, Tensor]:
    """Where a transformer looks on a few images, how alike its positions are, and the kernels of its patches.

    `attention` of the last block by head and `depth` of every block as the mean over heads, both as what the head's
    token gathers from each patch; `rollout`, which follows it back to the patches, where a residual makes it one.
    """
    maps = network.attention_maps(model.preprocess(images))
    found = {
        "inputs": images,
        "attention": network.attention_to_patches(maps[-1]),  # (images, heads, rows, columns)
        # (images, blocks, rows, columns)
        "depth": torch.stack([network.attention_to_patches(layer).mean(1) for layer in maps], 1),
        "patches": network.embed.projection.weight.detach(),  # (E, C, P, P)
    }
    if cast(Block, network.blocks[0]).arranged in RESIDUAL:
        found["rollout"] = network.attention_to_patches(rollout(maps))
    if network.positions is not None:
        own = F.normalize(network.positions.detach()[0, network.class_token is not None :], dim=1)
        found["positions"] = own @ own.T  # (T, T)
    return {name: value.half() if value.is_floating_point() else value for name, value in found.items()}


def permutation(record: RunRecord, seen: Split, built: Networks) -> dict[str, Tensor]:
    """Return the accuracy of every sound seed of a transformer on shuffled patches (seeds,)."""
    if record.settings["model"]["name"] != ViT().name:
        return {}
    answers = [shuffled(model, seen, seed) for seed, model in built.items()]
    return {"shuffled": torch.tensor(answers)} if answers else {}


@torch.no_grad()
def shuffled(model: Classifier, seen: Split, seed: int) -> float:
    """Accuracy on images whose patches stand in another order, which the seed draws anew for each image.

    The order is changed after preprocessing, so that a statistic of the whole image changes nothing.
    """
    network, where = cast(VisionTransformer, model.network), device.device()
    generator, right, size = torch.Generator().manual_seed(seed), 0, network.embed.projection.kernel_size[0]
    model = model.to(where)
    for x, y in zip(seen.x.split(EVALUATION_BATCH), seen.y.split(EVALUATION_BATCH), strict=True):
        answer = model.logits(permute_patches(model.preprocess(x.to(where)), size, generator)).argmax(1)
        right += int((answer.cpu() == y).sum())
    model.cpu()
    return right / len(seen.y)
