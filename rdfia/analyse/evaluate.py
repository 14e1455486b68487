"""The test split is read here and nowhere else: accuracy, loss and confusion of every seed of a run."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import TypeAdapter
from torch import Tensor, nn

from rdfia.chapters import predictor
from rdfia.config import ConfigError
from rdfia.data.normalise import Normaliser, evaluation_statistics
from rdfia.data.store import Split
from rdfia.train import device
from rdfia.train.fit import predict


def evaluate(metrics: Mapping[str, Any], weights: Path, test: Split) -> dict[str, Any]:
    """What every seed that did not diverge answers to the test images."""
    verify(metrics, weights)
    where = device.device()
    classes = metrics["data"]["classes"]
    confusion = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    seeds, own = {}, own_normaliser(metrics, test.x)
    for seed in sound_seeds(metrics):
        model = predictor(metrics, weights, seed)
        model.normalise = own or model.normalise
        model = model.to(where)
        logits = predict(model, test.x.to(where), device.autocast("float32", where)).cpu()
        confusion += _confusion(test.y, logits.argmax(1), len(classes))
        seeds[str(seed)] = _score(logits, test.y)
    return {"seeds": seeds, "confusion": confusion.tolist(), "classes": classes}


def own_normaliser(metrics: Mapping[str, Any], x: Tensor) -> nn.Module | None:
    """The layer fitted on the examples x themselves, where the run makes that mistake on purpose."""
    normaliser = TypeAdapter(Normaliser).validate_python(metrics["config"]["normalise"])
    statistics = evaluation_statistics(normaliser, {}, x)
    return normaliser.build(statistics) if statistics else None


def verify(metrics: Mapping[str, Any], weights: Path) -> None:
    """Weights that are missing, or not those that the metrics speak of, are a ConfigError."""
    run = f"{metrics['chapter']}/{metrics['run']}"
    if not weights.exists():
        raise ConfigError(f"{weights}: no such file; `dvc pull` fetches the weights of {run}, `dvc repro` trains them")
    if hashlib.sha256(weights.read_bytes()).hexdigest() != metrics["weights_sha256"]:
        raise ConfigError(f"{weights}: not the weights of the metrics of {run}; `dvc repro` trains the run again")


def sound_seeds(metrics: Mapping[str, Any]) -> list[int]:
    """The seeds that trained to their end."""
    return [int(seed) for seed, last in metrics["seeds"].items() if last["status"] == "finished"]


def best(found: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The run with the highest mean validation accuracy, among those whose seeds all trained to their end."""
    means = {
        name: sum(last["validation_accuracy"] for last in metrics["seeds"].values()) / len(metrics["seeds"])
        for name, metrics in found.items()
        if len(sound_seeds(metrics)) == len(metrics["seeds"])
    }
    return max(means, key=lambda name: means[name], default=None)


def _score(logits: Tensor, y: Tensor) -> dict[str, float | None]:
    loss = F.cross_entropy(logits, y).item()
    accuracy = (logits.argmax(1) == y).double().mean().item()
    return {"accuracy": accuracy, "loss": loss if math.isfinite(loss) else None}


def _confusion(truth: Tensor, answer: Tensor, classes: int) -> Tensor:
    """Counts (classes, classes): row the truth, column the answer."""
    return torch.bincount(truth * classes + answer, minlength=classes**2).view(classes, classes)
