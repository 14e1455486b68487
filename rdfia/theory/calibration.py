"""Question 5: whether ŷ can be taken at its word: a network's shares beside how often it is right.

The network by hand is trained on the circles, and asked about fresh ones. Where it gives its answer a share in a
certain range, its answers are right as often as the shares say, if they can be taken for probabilities:

    calibration error = Σ_bins (share of the examples) · |mean share − part that is right|      (Naeini et al. 2015)
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, listed
from rdfia.data.circles import Circles
from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory.answer import Answer
from rdfia.theory.plane import forward, initial, train

EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)  # of two classes one has a half at least
SCALE, RATE = 0.3, 1.0


class Calibration(Config):
    """A network of `hidden` units after each number of `steps` on all circles, asked about `fresh` ones."""

    name: Literal["calibration"] = "calibration"
    hidden: int = Field(10, ge=1)
    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...], listed, Field(min_length=1)] = (200, 2000)
    fresh: int = Field(20_000, ge=10, le=1_000_000)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return what the shares come to on fresh circles, and on those that the network learned from."""
        fresh = Circles().sample(self.fresh, Generator().manual_seed(self.seed + 1))
        networks = [self.network(steps, circles, fresh) for steps in self.steps]
        return Answer({"hidden": self.hidden, "fresh": len(fresh), "seen": len(circles), "networks": networks})

    def network(self, steps: int, circles: Split, fresh: Split) -> dict[str, Any]:
        """Train the network and bin its answers."""
        x, y = circles.x.double(), torch.nn.functional.one_hot(circles.y, 2).double()
        begin = initial(x.shape[1], self.hidden, 2, SCALE, Generator().manual_seed(self.seed))
        weights = train(begin, x, y, RATE, [torch.arange(len(x))] * steps)
        parts = {}
        for name, split in (("fresh", fresh), ("seen", circles)):
            share, answer = formulas.softmax(forward(weights, split.x.double())[1]).max(1)
            parts[name] = reliability(share, answer == split.y)
        return {"steps": steps, **parts}


def reliability(share: Tensor, right: Tensor) -> dict[str, Any]:
    """Return for each range of shares how many there are, their mean, and how many are right; and the error."""
    place = torch.bucketize(share, torch.tensor(EDGES[1:-1], dtype=share.dtype), right=True)
    bins = [
        {
            "from": EDGES[index],
            "to": EDGES[index + 1],
            "count": int(inside.sum()),
            "share": float(share[inside].mean()),
            "right": float(right[inside].double().mean()),
        }
        for index in range(len(EDGES) - 1)
        if bool((inside := place == index).any())
    ]
    error = sum(one["count"] * abs(one["share"] - one["right"]) for one in bins) / len(share)
    return {"bins": bins, "error": error, "accuracy": float(right.double().mean()), "mean": float(share.mean())}
