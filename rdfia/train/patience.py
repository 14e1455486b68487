"""Early stopping: the weights of the lowest validation loss are kept, and training that does not lower it ends."""

from collections.abc import Callable, Mapping

from rdfia.train.fit import Record
from rdfia.train.run import Snapshot, Weights


class Keeper:
    """What is kept of one network on its way, if it has a patience; else it keeps nothing and never ends anything.

    (Prechelt 1998.) A loss that is no number is never the lowest.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience, self.lowest = patience, float("inf")
        self.best: Snapshot | None = None

    @property
    def epoch(self) -> int | None:
        """The epoch whose weights are kept."""
        return self.best.epoch if self.best else None

    def ends(self, records: Mapping[int, Record], weights: Callable[[], Weights]) -> bool:
        """Keep the weights if the loss is the lowest so far; whether it was not for as long as the patience."""
        if self.patience is None:
            return False
        record = records[0]
        if record.validation_loss < self.lowest:
            self.lowest, self.best = record.validation_loss, Snapshot(record.epoch, weights())
        return self.best is not None and record.epoch - self.best.epoch >= self.patience
