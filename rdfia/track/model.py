"""The logged model: a graph that takes raw images, and needs neither this project nor its classes to load."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from rdfia.parallel import Message, Send, cores, messages
from rdfia.record.select import best_seed
from rdfia.track.client import Client
from rdfia.track.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

MISSING = "missing: weights are not on this machine"
DIVERGED = "none: every seed diverged"
SEED, FAILED = "seed ", "failed: "  # how what became of a model begins


@contextmanager
def exporting(results: Sequence[Result]) -> Iterator[Iterator[tuple[Path, str]]]:
    """Export the models of results in their order: the folder of each, and what became of it in words.

    It takes as long as all else of a publication, so another process does it meanwhile. That is forked, and no process
    in which PyTorch's threads have worked can be: there each model is exported when it is asked for.
    """
    with TemporaryDirectory() as folder:
        places = [Path(folder) / str(place) for place in range(len(results))]
        if not results or cores() < 2 or "torch" in sys.modules:
            yield zip(places, map(_attempt, results, places), strict=True)
            return
        with closing(messages([partial(_send_all, results, places)], 1)) as said:
            begun = chain([next(said)], said)  # to ask for the first begins the process
            yield zip(places, _states(begun), strict=False)


def _send_all(results: Sequence[Result], places: Sequence[Path], send: Send) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # PyTorch looks for devices at every step of an export
    for result, place in zip(results, places, strict=True):
        send(_attempt(result, place))


def _states(said: Iterator[Message]) -> Iterator[str]:
    """What became of each model; of those that a process which was killed has left, that it was."""
    for message in said:
        if message.content:
            yield message.content
        if message.error:
            yield from repeat(f"{FAILED}{message.error}")


def _attempt(result: Result, place: Path) -> str:
    """Export the best seed's model, if there is one.

    A model that cannot be exported costs a warning and no more: the figures of the run are worth having without it.
    """
    seed = best_seed(result.record)
    if seed is None:
        return DIVERGED
    if not result.weights.is_file():
        return MISSING
    try:
        _export(place, result, seed)
    except Exception as error:  # building and tracing run whatever the model's code does
        return FAILED + f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
    return f"{SEED}{seed}"


def example(card: Mapping[str, Any]) -> "NDArray[Any]":
    """Two made-up inputs of the data's shape: with one alone, the exported graph would take batches of one."""
    import numpy as np

    generator = np.random.default_rng(0)
    if card["kind"] == "points":
        return generator.uniform(-1, 1, (2, 2)).astype(np.float32)
    return generator.integers(0, 256, (2, *card["shape"]), dtype=np.uint8)


def _export(place: Path, result: Result, seed: int) -> None:
    """Write the model to a folder with torch.export; nothing here asks the store."""
    import mlflow.pytorch
    from mlflow.models import Model

    from rdfia.record.predictor import predictor

    card = result.record.data
    module: nn.Module = predictor(replace(result.record, folder=result.weights.parent), seed)
    inputs = example(card)
    mlflow.pytorch.save_model(
        module,
        str(place),
        mlflow_model=Model(metadata={"classes": card.get("classes"), "seed": seed}),
        input_example=inputs,
        serialization_format="pt2",
        pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in ("mlflow", "numpy", "torch")],
    )
    _require_free_batch(place / "data" / "model.pt2")


def _require_free_batch(exported: Path) -> None:
    """Refuse a graph of batches of one size; MLflow settles for it in silence when the model asks for `len(x)`.

    To export with a free batch first, or to read the graph back, says it too and takes as long or a third as long.
    """
    with ZipFile(exported) as archive:
        (graph,) = (
            json.loads(archive.read(name)) for name in archive.namelist() if name.endswith("/models/model.json")
        )
    if not graph["range_constraints"]:
        raise ValueError("its graph takes batches of one size alone")


def log_model(
    client: Client, experiment: str, run_id: str, result: Result, config: dict[str, str], place: Path, state: str
) -> str | None:
    """Log an exported model with its run, and return its id; of one that could not be exported only say so."""
    if state.startswith(FAILED):
        print(f"{result.name}: logged without its model: {state.removeprefix(FAILED)}", file=sys.stderr)
    return _upload(client, experiment, run_id, result, config, place) if state.startswith(SEED) else None


def _upload(client: Client, experiment: str, run_id: str, result: Result, config: dict[str, str], place: Path) -> str:
    """Store the exported model file by file, so that no call takes long; MLflow counts it when the last is there."""
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    model = Model.load(str(place))
    tags = {"rdfia.seed": str((model.metadata or {})["seed"]), "rdfia.content": result.content}
    logged = client.create_logged_model(
        experiment, name=f"{result.chapter}-{result.run}", source_run_id=run_id, params=config, tags=tags
    )
    model.run_id, model.model_id, model.artifact_path = run_id, logged.model_id, logged.artifact_location
    model.save(str(place / "MLmodel"))
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, result.last_epoch)])
    for path in sorted(path for path in place.rglob("*") if path.is_file() and path.parent.name != "__pycache__"):
        inside = path.parent.relative_to(place).as_posix()
        client.log_model_artifact(logged.model_id, str(path), None if inside == "." else inside)
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)
