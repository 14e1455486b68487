"""The chapter `mlp`: its runs train the network by hand."""

from rdfia.models.mlp import MLP
from rdfia.train.run import Run


class ChapterRun(Run):
    """A run whose model is the network by hand."""

    model: MLP
