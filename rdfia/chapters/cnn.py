"""The chapter `cnn`: its runs train a convolutional network."""

from rdfia.models.cnn import CNN
from rdfia.train.run import Run


class ChapterRun(Run):
    """A run whose model is a convolutional network."""

    model: CNN
