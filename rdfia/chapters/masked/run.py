"""The chapter `masked`: its runs train a vision transformer of timm without labels."""

from rdfia.models.timm_vit import TimmViT
from rdfia.train.masked import MaskedRun


class ChapterRun(MaskedRun):
    """A run whose encoder is a vision transformer of timm."""

    model: TimmViT
