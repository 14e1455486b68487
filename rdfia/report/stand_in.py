"""Which network stands in for timm's ViT-S where a profile cannot afford it."""

from rdfia.analyse.results import ChapterResult
from rdfia.models.timm_vit import TimmViT


def sentence(chapter: ChapterResult, profile: str) -> str:
    """What the chapter's first trained run is instead; nothing where it is ViT-S, or no run of timm's is trained."""
    run = next((run for run in chapter.runs if run.ran), None)
    model = run.config.get("model", {}) if run else {}
    if run is None or model.get("name") != TimmViT().name:
        return ""
    sizes = [(model.get("depth"), "{} blocks"), (model.get("embed"), "a width of {}"), (model.get("heads"), "{} heads")]
    given = [words.format(value) for value, words in sizes if value]
    if not given and model.get("model") == TimmViT().model:
        return ""
    what = f"a reduced network of {', '.join(given)}" if given else f"`{model.get('model')}`"
    weights = f", {run.parameters:,} weights in `{run.name}`" if run.parameters else ""
    return f"In the profile `{profile}` it is not ViT-S that is trained: {what} stands in for it{weights}."
