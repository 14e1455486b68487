"""The chapter `mlp`: its runs train the network by hand."""

from rdfia.models.mlp import MLP
from rdfia.train.descent import DescentRun


class ChapterRun(DescentRun):
    """A run whose model is the network by hand."""

    model: MLP
