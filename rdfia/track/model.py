"""The logged model: a graph that takes raw images, and needs neither this project nor its classes to load."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rdfia.record.select import best_seed
from rdfia.track.client import Client
from rdfia.track.result import Result

if TYPE_CHECKING:
    from mlflow.models import Model
    from numpy.typing import NDArray
    from torch import nn

MISSING = "missing: weights are not on this machine"
DIVERGED = "none: every seed diverged"


def log_model(
    client: Client, experiment: str, run_id: str, result: Result, config: dict[str, str]
) -> tuple[str | None, str]:
    """Log the best seed's model with the run; the model's id, if there is one, and what became of it in words.

    A model that cannot be exported costs a warning and no more: the figures of the run are worth having without it.
    """
    seed = best_seed(result.record)
    if seed is None:
        return None, DIVERGED
    if not result.weights.is_file():
        return None, MISSING
    with TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        try:
            model = _export(place, run_id, result, seed)
        except Exception as error:  # building and tracing run whatever the model's code does
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
            print(f"{result.name}: logged without its model: {reason}", file=sys.stderr)
            return None, f"failed: {reason}"
        return _upload(client, experiment, place, model, result, seed, config), f"seed {seed}"


def example(card: Mapping[str, Any]) -> "NDArray[Any]":
    """Two made-up inputs of the data's shape: with one alone, the exported graph would take batches of one."""
    import numpy as np

    generator = np.random.default_rng(0)
    if card["kind"] == "points":
        return generator.uniform(-1, 1, (2, 2)).astype(np.float32)
    return generator.integers(0, 256, (2, *card["shape"]), dtype=np.uint8)


def _export(place: Path, run_id: str, result: Result, seed: int) -> "Model":
    """Write the model to a folder with torch.export; nothing here asks the store."""
    import mlflow.pytorch
    import torch
    from mlflow.models import Model

    from rdfia.record.predictor import predictor

    card = result.record.data
    module: nn.Module = predictor(replace(result.record, folder=result.weights.parent), seed)
    inputs = example(card)
    # MLflow's own export settles for a fixed batch in silence when the model forces one, as `len(x)` does: this raises
    torch.export.export(module, (torch.from_numpy(inputs),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    model = Model(run_id=run_id, metadata={"classes": card.get("classes"), "seed": seed})
    mlflow.pytorch.save_model(
        module,
        str(place),
        mlflow_model=model,
        input_example=inputs,
        serialization_format="pt2",
        pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in ("mlflow", "numpy", "torch")],
    )
    return model


def _upload(
    client: Client,
    experiment: str,
    place: Path,
    model: "Model",
    result: Result,
    seed: int,
    config: dict[str, str],
) -> str:
    """Store the exported model file by file, so that no call takes long; MLflow counts it when the last is there."""
    from mlflow.entities import LoggedModelOutput

    tags = {"rdfia.seed": str(seed), "rdfia.content": result.content}
    logged = client.create_logged_model(
        experiment, name=f"{result.chapter}-{result.run}", source_run_id=model.run_id, params=config, tags=tags
    )
    model.model_id, model.artifact_path = logged.model_id, logged.artifact_location
    model.save(str(place / "MLmodel"))
    client.log_outputs(model.run_id, [LoggedModelOutput(logged.model_id, result.last_epoch)])
    for path in sorted(path for path in place.rglob("*") if path.is_file() and path.parent.name != "__pycache__"):
        inside = path.parent.relative_to(place).as_posix()
        client.log_model_artifact(logged.model_id, str(path), None if inside == "." else inside)
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)
