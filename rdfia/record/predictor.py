"""A trained network, rebuilt from the record of its run."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from rdfia.chapters import kinds, run_class
from rdfia.config import ConfigError, options, shorten
from rdfia.files import ANEW, tensors_of
from rdfia.record.run import METRICS, RunRecord
from rdfia.train.classifier import Classifier, build
from rdfia.train.run import Run


def recorded_run(record: RunRecord) -> Run:
    """Return the settings of a record as the class that they were; a record of before kinds were named is its own."""
    kind = record.metrics.get("kind", record.metrics.get("chapter"))
    if kind not in kinds():
        wrong = f"found {shorten(kind)}, allowed: {options(kinds())}"
        raise ConfigError(f"{record.folder / METRICS}: kind: {wrong}; {ANEW}")
    return run_class(kind).model_validate_json(json.dumps(record.settings))


def predictor(record: RunRecord, seed: int, epoch: int | None = None) -> Classifier:
    """Return the trained classifier of one seed in evaluation mode.

    With an epoch, as it was at that epoch, of which the run must have kept a snapshot.
    """
    model = build(recorded_run(record), record.data, _part(record.weights, "statistics/"), torch.Generator())
    prefix = f"seed{seed}/" if epoch is None else f"seed{seed}@{epoch}/"
    model.network.load_state_dict(_part(record.weights, prefix))
    return model.eval()


def _part(weights: Path, prefix: str) -> dict[str, Tensor]:
    """Return the tensors of a weights file below `prefix`."""
    with tensors_of(weights), safe_open(weights, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}
