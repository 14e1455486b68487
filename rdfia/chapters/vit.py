"""The chapter `vit`: its runs train a vision transformer."""

from rdfia.models.vit import ViT
from rdfia.train.run import Run


class ChapterRun(Run):
    """A run whose model is a vision transformer."""

    model: ViT
