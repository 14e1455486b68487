"""Four implementations of one network: from one initialisation and one order of batches they take the same steps.

They add the same numbers in different orders, so they differ by rounding alone: about 1e-16 of a weight at first in
float64, 1e-7 in float32. The growth of that difference is measured.
"""

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config
from rdfia.data.batches import per_epoch, size
from rdfia.data.store import Split
from rdfia.models.mlp import MLP
from rdfia.theory.answer import Answer
from rdfia.train.classifier import Classifier
from rdfia.train.fit import Plan, fit
from rdfia.train.optimise import SGD, TorchSGD
from rdfia.train.precision import FLOAT32, Precision
from rdfia.train.schedule import Constant
from rdfia.train.targets import Targets

IMPLEMENTATIONS: dict[str, tuple[Any, type[SGD]]] = {
    "by_hand": ("by_hand", SGD),
    "autograd": ("autograd", SGD),
    "nn": ("nn", SGD),
    "optim": ("nn", TorchSGD),
}
PRECISIONS = {"float32": torch.float32, "float64": torch.float64}


class Implementations(Config):
    """All four, trained in both precisions, each compared with `by_hand` after every epoch."""

    name: Literal["implementations"] = "implementations"
    epochs: int = Field(50, ge=1)
    learning_rate: float = Field(0.07, gt=0)
    batch_size: int = Field(10, ge=1)
    hidden: int = Field(10, ge=1)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return the largest difference of any weight after every epoch."""
        trajectories = {
            (precision, name): self.trajectory(circles, name, dtype)
            for precision, dtype in PRECISIONS.items()
            for name in IMPLEMENTATIONS
        }
        differences = {
            (precision, name): (weights - trajectories[precision, "by_hand"]).abs().amax(1)
            for (precision, name), weights in trajectories.items()
        }
        steps = self.epochs * per_epoch(len(circles), self.batch_size)
        largest = {p: {n: float(differences[p, n].max()) for n in IMPLEMENTATIONS} for p in PRECISIONS}
        weights = float(trajectories["float64", "by_hand"][-1].abs().max())
        facts = {"epochs": self.epochs, "steps": steps, "largest_weight": weights, "largest_difference": largest}
        return Answer(facts, {f"{precision}/{name}": values for (precision, name), values in differences.items()})

    def trajectory(self, circles: Split, name: str, dtype: torch.dtype) -> Tensor:
        """Return all weights before the first step and after every epoch (epochs + 1, weights), as float64."""
        implementation, optimiser = IMPLEMENTATIONS[name]
        network = MLP(implementation=implementation, hidden=self.hidden).build(
            tuple(circles.x.shape[1:]), int(circles.y.max()) + 1, Generator().manual_seed(self.seed)
        )
        model = Classifier(torch.nn.Identity(), (), network).to(dtype)
        descent = optimiser(learning_rate=self.learning_rate).over(network.parameters())
        precision = Precision(FLOAT32, torch.device("cpu"))  # it leaves float64 as it is
        plan = Plan(descent, Constant(), self.epochs, size(self.batch_size, len(circles)), precision, Targets(2))
        split = (circles.x.to(dtype), circles.y)
        rows = []
        for _ in fit(model, split, split, plan, [Generator().manual_seed(self.seed)]):
            rows.append(torch.cat([weight.detach().flatten().double() for weight in network.parameters()]))
        return torch.stack(rows)
