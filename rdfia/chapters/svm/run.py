"""The chapter `svm`: its runs fit support vector machines."""

from rdfia.models.svm import SVM
from rdfia.train.margin import MarginRun


class ChapterRun(MarginRun):
    """A run whose model is a support vector machine."""

    model: SVM
