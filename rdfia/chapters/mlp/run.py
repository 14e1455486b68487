"""The chapter `mlp`: its runs train the network by hand."""

from rdfia.models.mlp import Network
from rdfia.train.descent import DescentRun


class ChapterRun(DescentRun):
    """A run whose model is the network by hand, whole or with one part changed."""

    model: Network
