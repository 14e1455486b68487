"""The chapters of timm's vision transformer: their runs train it, from random weights or from others."""

from typing import ClassVar

from rdfia.models.timm_vit import TimmViT
from rdfia.train.descent import DescentRun


class ChapterRun(DescentRun):
    """A run whose model is timm's vision transformer."""

    model: TimmViT
    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy", "timm")
