"""A made-up chapter of a transformer: a grid of 27 runs and a few ablations, with arrays as `evaluate` takes them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult, Study
from rdfia.models.attention_formulas import attention_flops, block_flops
from rdfia.models.vit import ViT

SEEDS = 4
SHAPE = (1, 28, 28)
CARD = Card("mnist", label="MNIST", stands_for="mnist", classes=tuple("0123456789"), shape=SHAPE)
SIZES = [(embed, patch, blocks) for embed in (16, 32, 64) for patch in (4, 7, 14) for blocks in (2, 4, 6)]
FIRST = (32, 7, 2)
Arrays = dict[str, npt.NDArray[Any]]


def run(name: str, level: float, group: str, noise: float = 0.3, **model: Any) -> RunResult:
    """A run whose seeds scatter around `level`."""
    rng = np.random.default_rng([ord(letter) for letter in name])
    tests = {str(seed): float(level + rng.normal(0, noise)) for seed in range(SEEDS)}
    network = ViT(**model)
    config = {"model": network.model_dump(), "epochs": 10}
    result = RunResult("vit", name, name.replace("_", " "), "small", "", CARD, FINISHED, 10_000, 0, SEEDS)
    tokens, width = 1 + (SHAPE[1] // network.patch_size) ** 2, network.embed
    flops = network.blocks * block_flops(tokens, width, network.mlp_ratio, attention_flops(tokens, width))
    own = tuple(f"model.{key}" for key in model) if name != "small" else ()
    return replace(
        result, train=tests, validation=tests, test=tests, group=group, config=config, flops=flops, delta=own
    )


def level(embed: int, patch: int, blocks: int) -> float:
    """More of everything helps, and patches of 4 most."""
    return float(90 + 1.5 * np.log2(embed / 16) + {4: 2.0, 7: 1.0, 14: -1.0}[patch] + 0.3 * blocks)


def chapter(card: Card = CARD) -> ChapterResult:
    """The first run, the rest of the grid, and the ablations."""
    runs = [run("small", level(*FIRST), "", embed=32, patch_size=7, blocks=2)]
    for embed, patch, blocks in SIZES:
        if (embed, patch, blocks) != FIRST:
            name = f"e{embed}_p{patch}_b{blocks}"
            sizes = {"embed": embed, "patch_size": patch, "blocks": blocks}
            runs.append(run(name, level(embed, patch, blocks), "grid", **sizes))
    runs.append(run("no_positions", 86.0, "tokens and positions", positions="none"))
    runs.append(run("mean_pool", 92.0, "tokens and positions", pool="mean"))
    runs.append(run("no_residual", 80.0, "block", residual=False))
    return ChapterResult("vit", card.name, tuple(replace(each, card=card) for each in runs))


def study(root: Path, card: Card = CARD) -> Study:
    return Study(root, "full", (chapter(card),), {card.name: card})


def probes(result: ChapterResult) -> Arrays:
    """Shuffled accuracies of all runs; the other arrays of the first and the best."""
    found: Arrays = {}
    for each in result.runs:
        kept = each.config["model"]["positions"] == "none"
        before = np.asarray(list(each.validation.values())) / 100
        found[f"{each.name}/shuffled"] = (before if kept else before * 0.4).astype(np.float32)
    best = [result.best] if result.best else []
    for each in (result.runs[0], *best):
        found |= {f"{each.name}/{name}": value for name, value in _arrays(each).items()}
    return found


def _arrays(result: RunResult) -> Arrays:
    """Attention to the bright half of each image, positions that are alike near each other, kernels of waves."""
    model, rng = result.config["model"], np.random.default_rng(0)
    side = SHAPE[1] // model["patch_size"]
    inputs = rng.integers(0, 60, (6, *SHAPE), dtype=np.uint8)
    inputs[:, :, 8:20, 8:20] += rng.integers(0, 150, (6, 1, 12, 12), dtype=np.uint8)
    light = inputs.reshape(6, side, model["patch_size"], side, model["patch_size"]).std((2, 4))
    depth = np.stack([light**power for power in range(1, model["blocks"] + 1)], 1)
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2)
    far = np.linalg.norm(places[:, None] - places[None], axis=-1)
    wave = np.sin(np.arange(1, model["embed"] + 1)[:, None, None, None] * np.arange(model["patch_size"]) / 9)
    shape = (model["embed"], 1, model["patch_size"], model["patch_size"])
    shares = {"attention": np.repeat(depth[:, -1:], model["heads"], 1), "depth": depth, "rollout": light}
    shares = {name: value / value.sum((-2, -1), keepdims=True) for name, value in shares.items()}
    others = {"positions": np.exp(-far / 2) * 2 - 1, "patches": np.broadcast_to(wave, shape)}
    return {"inputs": inputs} | {name: value.astype(np.float16) for name, value in (shares | others).items()}
