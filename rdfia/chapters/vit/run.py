"""The chapter `vit`: its runs train a vision transformer."""

from rdfia.models.vit import Transformer
from rdfia.train.descent import DescentRun


class ChapterRun(DescentRun):
    """A run whose model is a vision transformer."""

    model: Transformer
