"""Which network stands in for timm's ViT-S where a profile cannot afford it."""

from dataclasses import dataclass

from rdfia.analyse.results import ChapterResult
from rdfia.models.timm_vit import TimmViT


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
