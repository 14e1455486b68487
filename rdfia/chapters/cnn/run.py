"""The chapter `cnn`: its runs train a convolutional network."""

from rdfia.models.cnn import CNN
from rdfia.train.descent import DescentRun


class ChapterRun(DescentRun):
    """A run whose model is a convolutional network."""

    model: CNN
