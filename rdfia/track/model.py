"""The logged model: a graph that takes raw images, and needs neither this project nor its classes to load."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from rdfia.record.select import best_seed
from rdfia.track.result import Result

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from numpy.typing import NDArray
    from torch import nn

MISSING = "missing: weights are not on this machine"
DIVERGED = "none: every seed diverged"


def log_model(
    client: "MlflowClient", experiment: str, run_id: str, result: Result, config: dict[str, str]
) -> tuple[str | None, str]:
    """Log the best seed's model with the run; the model's id, if there is one, and what became of it in words.

    A model that cannot be exported costs a warning and no more: the figures of the run are worth having without it.
    """
    seed = best_seed(result.record)
    if seed is None:
        return None, DIVERGED
    if not result.weights.is_file():
        return None, MISSING
    try:
        return _log(client, experiment, run_id, result, seed, config), f"seed {seed}"
    except Exception as error:  # building and tracing run whatever the model's code does
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
        print(f"{result.name}: logged without its model: {reason}", file=sys.stderr)
        return None, f"failed: {reason}"


def example(card: Mapping[str, Any]) -> "NDArray[Any]":
    """Two made-up inputs of the data's shape: with one alone, the exported graph would take batches of one."""
    import numpy as np

    generator = np.random.default_rng(0)
    if card["kind"] == "points":
        return generator.uniform(-1, 1, (2, 2)).astype(np.float32)
    return generator.integers(0, 256, (2, *card["shape"]), dtype=np.uint8)


def _log(
    client: "MlflowClient", experiment: str, run_id: str, result: Result, seed: int, config: dict[str, str]
) -> str:
    """Export the model with torch.export and store it; its place comes first, as MLflow would else guess one."""
    import mlflow
    import mlflow.pytorch
    import torch
    from mlflow.models import Model

    from rdfia.record.predictor import predictor

    card = result.record.data
    module: nn.Module = predictor(replace(result.record, folder=result.weights.parent), seed)
    inputs = example(card)
    # MLflow's own export settles for a fixed batch in silence when the model forces one, as `len(x)` does: this raises
    torch.export.export(module, (torch.from_numpy(inputs),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    mlflow.set_tracking_uri(client.tracking_uri)
    tags = {"rdfia.seed": str(seed), "rdfia.content": result.content}
    logged = client.create_logged_model(experiment, name="model", source_run_id=run_id, params=config, tags=tags)
    Model.log(
        None,
        flavor=mlflow.pytorch,
        model_id=logged.model_id,
        run_id=run_id,
        step=result.last_epoch,
        pytorch_model=module,
        input_example=inputs,
        serialization_format="pt2",
        pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in ("mlflow", "numpy", "torch")],
        metadata={"classes": card.get("classes"), "seed": seed},
    )
    return str(logged.model_id)
