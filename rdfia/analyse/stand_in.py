"""What stands in for what a profile cannot afford: for the published data, and for timm's ViT-S."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.results import ChapterResult
from rdfia.models.timm_vit import TimmViT
from rdfia.words import listed


@dataclass(frozen=True)
class StandIn:
    """The network that a run trained in the place of ViT-S: its name in timm, and the sizes that differ from it."""

    run: str
    model: str
    parameters: int | None
    blocks: int | None = None
    width: int | None = None
    heads: int | None = None


def stand_in(chapter: ChapterResult) -> StandIn | None:
    """Return what the chapter's first trained run has instead; None where it has ViT-S, or no network of timm's."""
    run = next((run for run in chapter.runs if run.ran), None)
    model = run.config.get("model", {}) if run else {}
    if run is None or model.get("name") != TimmViT().name:
        return None
    sizes = tuple(model.get(key) for key in ("depth", "embed", "heads"))
    if not any(sizes) and model.get("model") == TimmViT().model:
        return None
    return StandIn(run.name, model.get("model", ""), run.parameters, *sizes)


def note(data: Sequence[str]) -> str:
    """Return the line on figures of data that take the place of published data."""
    return f"On stand-in data, which say nothing about MNIST or CIFAR-10: {listed(data)}."
