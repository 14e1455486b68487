"""The test split is read here and nowhere else: accuracy, loss, confusion and what is right of every seed."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rdfia.analyse.right import packed
from rdfia.config import ConfigError
from rdfia.data.normalise import evaluation_statistics
from rdfia.data.store import Split
from rdfia.record.predictor import predictor, recorded_run
from rdfia.record.run import RunRecord
from rdfia.train import device
from rdfia.train.classifier import Classifier
from rdfia.train.fit import predict
from rdfia.train.precision import FLOAT32, Precision

Networks = Mapping[int, Classifier]  # the trained network of each sound seed


def networks(record: RunRecord) -> Networks:
    """Build the trained network of every seed that did not diverge."""
    verify(record)
    return {int(seed): predictor(record, int(seed)) for seed in record.sound_seeds}


def evaluate(record: RunRecord, test: Split, built: Networks | None = None) -> dict[str, Any]:
    """Return how every seed that did not diverge answers on the test images; `right` has a bit for each image.

    Networks that are given are left as they are; where they are not, they are built.
    """
    where = device.device()
    classes = record.data["classes"]
    confusion = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    seeds, right, own = {}, {}, own_normaliser(record, test.x)
    for seed, model in (networks(record) if built is None else built).items():
        kept, model.normalise = model.normalise, own or model.normalise
        logits = predict(model.to(where), test.x.to(where), Precision(FLOAT32, where)).cpu()
        model.normalise = kept
        model.cpu()
        confusion += _confusion(test.y, logits.argmax(1), len(classes))
        seeds[str(seed)] = _score(logits, test.y)
        right[str(seed)] = logits.argmax(1) == test.y
    return {"seeds": seeds, "confusion": confusion.tolist(), "classes": classes, "right": packed(right, len(test.y))}


def own_normaliser(record: RunRecord, x: Tensor) -> nn.Module | None:
    """Return the layer fitted on the examples x themselves, where the run makes that mistake on purpose."""
    normaliser = recorded_run(record).normalise
    statistics = evaluation_statistics(normaliser, {}, x)
    return normaliser.build(statistics) if statistics else None


def verify(record: RunRecord) -> None:
    """Refuse weights that are missing, or not those that the metrics speak of."""
    run = f"{record.folder.parent.name}/{record.folder.name}"
    if not record.weights.exists():
        raise ConfigError(
            f"{record.weights}: no such file; `dvc pull` fetches the weights of {run}, `dvc repro` trains it"
        )
    if hashlib.sha256(record.weights.read_bytes()).hexdigest() != record.metrics.get("weights_sha256"):
        raise ConfigError(
            f"{record.weights}: not the weights of the metrics of {run}; `dvc repro` trains the run again"
        )


def _score(logits: Tensor, y: Tensor) -> dict[str, float | None]:
    loss = F.cross_entropy(logits, y).item()
    accuracy = (logits.argmax(1) == y).double().mean().item()
    return {"accuracy": accuracy, "loss": loss if math.isfinite(loss) else None}


def _confusion(truth: Tensor, answer: Tensor, classes: int) -> Tensor:
    """Counts (classes, classes): row the truth, column the answer."""
    return torch.bincount(truth * classes + answer, minlength=classes**2).view(classes, classes)
