"""What stands in for what a profile cannot afford: for the published data, and for the course's networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdfia.analyse.results import ChapterResult
from rdfia.models.cnn import CNN
from rdfia.models.timm_vit import TimmViT
from rdfia.words import listed


@dataclass(frozen=True)
class StandIn:
    """The network that a run trained in the place of ViT-S or of the course's convolutional one.

    Of the former its name in timm and the sizes that differ, of the latter the channels and the kernel.
    """

    run: str
    model: str
    parameters: int | None
    blocks: int | None = None
    width: int | None = None
    heads: int | None = None
    channels: Sequence[int] = ()
    kernel: int | None = None


def stand_in(chapter: ChapterResult) -> StandIn | None:
    """Return what the chapter's first trained run has instead; None where it has the course's, or another kind."""
    run = next((run for run in chapter.runs if run.ran), None)
    model: Mapping[str, Any] = run.config.get("model", {}) if run else {}
    if run is not None and model.get("name") == CNN().name:
        own, courses = ((of["channels"], of["kernel_size"]) for of in (model, CNN().model_dump(mode="json")))
        channels, kernel = own
        return None if own == courses else StandIn(run.name, "", run.parameters, channels=channels, kernel=kernel)
    if run is None or model.get("name") != TimmViT().name:
        return None
    depth, width, heads = (model.get(key) for key in ("depth", "embed", "heads"))
    if not (depth or width or heads) and model.get("model") == TimmViT().model:
        return None
    return StandIn(run.name, model.get("model", ""), run.parameters, depth, width, heads)


def note(data: Sequence[str]) -> str:
    """Return the line on figures of data that take the place of published data."""
    return f"Nothing here is about MNIST or CIFAR-10, as stand-ins take their places: {listed(data)}."
