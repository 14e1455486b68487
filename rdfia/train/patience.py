"""Early stopping: the weights of the lowest validation loss are kept, and training that does not lower it ends."""

from collections.abc import Callable, Mapping

from rdfia.train.epochs import EpochRecord
from rdfia.train.run import Snapshot, Weights


class EarlyStopping:
    """The weights of the lowest validation loss so far of one network (Prechelt 1998); without a patience, none.

    A loss that is no number is never the lowest.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience, self.lowest = patience, float("inf")
        self.best: Snapshot | None = None

    @property
    def epoch(self) -> int | None:
        """Return the epoch whose weights are kept."""
        return self.best.epoch if self.best else None

    def update(self, records: Mapping[int, EpochRecord], weights: Callable[[], Weights]) -> bool:
        """Keep the weights if the loss is the lowest so far; return whether the patience is at its end."""
        if self.patience is None:
            return False
        record = records[0]
        if record.validation_loss < self.lowest:
            self.lowest, self.best = record.validation_loss, Snapshot(record.epoch, weights())
        return self.best is not None and record.epoch - self.best.epoch >= self.patience
