"""Early stopping: the weights of the lowest validation loss are kept, and training that does not lower it ends."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from rdfia.train.epochs import EpochRecord
from rdfia.train.run import Snapshot, Weights
from rdfia.train.state import State, below


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
        if self.patience is None or not records:
            return False
        record = records[0]
        if record.validation_loss < self.lowest:
            self.lowest, self.best = record.validation_loss, Snapshot(record.epoch, weights())
        return self.best is not None and record.epoch - self.best.epoch >= self.patience

    def state_dict(self) -> State:
        if self.best is None:
            return {}
        weights = {f"weights/{key}": torch.from_numpy(value) for key, value in self.best.weights.items()}
        numbers = {"lowest": torch.tensor(self.lowest, dtype=torch.float64), "epoch": torch.tensor(self.best.epoch)}
        return numbers | weights

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        if state:
            weights = {key: value.numpy() for key, value in below("weights", state).items()}
            self.lowest, self.best = state["lowest"].item(), Snapshot(int(state["epoch"]), weights)
