"""Questions 10 and 11: full, mini-batch and online descent, and the size of a step, on a landscape of two weights.

The network of part 1 is trained by hand on the circles. Then all its weights but two are held, and descent begins
again for these two alone, from a point far away, so that its path can be plotted. Near the lowest point, with λ the
largest curvature there, a step of the whole set shrinks the distance as long as the learning rate is below 2 / λ.
"""

from typing import Annotated, Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer
from rdfia.theory.plane import Plane, batches, initial, train

Rate = Annotated[float, Field(gt=0, le=1000)]
TAIL = 4  # the last 1/TAIL of a path is its end
NEAR = 0.01  # converged: the share of the way down, from the start to the lowest point, that remains


class Training(Config):
    """The training of the network before its landscape is computed; the settings are the course's."""

    hidden: int = Field(10, ge=2)
    scale: float = Field(0.3, gt=0)
    learning_rate: Rate = 0.07
    batch_size: int = Field(10, ge=1)
    epochs: int = Field(150, ge=1)


class DescentPaths(Config):
    """Paths from `start` over a grid of `points`² between `low` and `high`.

    `batch_sizes` are compared at one `learning_rate` over the same `epochs`; a batch is never larger than the data,
    and None is the whole set. `learning_rates` are compared on the whole set over `steps` steps.
    """

    name: Literal["descent"] = "descent"
    training: Training = Training()
    start: Annotated[tuple[float, float], listed] = (-2.0, 5.0)
    low: float = -5.0
    high: float = 7.0
    points: int = Field(61, ge=9, le=401)
    batch_sizes: Annotated[tuple[Annotated[int, Field(ge=1)] | None, ...], listed, Field(min_length=1)] = (None, 10, 1)
    learning_rate: Rate = 0.2
    epochs: int = Field(20, ge=1, le=1000)
    learning_rates: Annotated[tuple[Rate, ...], listed, Field(min_length=1)] = (0.1, 1.5, 6.0)
    steps: int = Field(40, ge=TAIL, le=100_000)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _wide(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low below high (low {self.low}, high {self.high})")
        return self

    def answer(self, circles: Split) -> Answer:
        """Return the landscape, and every path with its loss."""
        generator = torch.Generator().manual_seed(self.seed)
        plane = self.plane(circles, generator)
        grid = torch.linspace(self.low, self.high, self.points, dtype=torch.float64)
        start, lowest = torch.tensor(self.start, dtype=torch.float64), plane.lowest(grid)
        ends = plane.loss(torch.stack((start, lowest)))
        settings = self._settings(len(circles), generator)
        paths = {key: _path(plane, rate, steps, start, ends) for key, (rate, steps) in settings.items()}
        arrays = {"grid": grid, "surface": plane.surface(grid)}
        for key, (_, curves) in paths.items():
            arrays |= {f"{key}/{part}": values for part, values in curves.items()}
        facts = {
            "hidden": self.training.hidden,
            "epochs": self.epochs,
            "tail": TAIL,
            **_landscape(plane, start, lowest),
            "paths": {key: summary for key, (summary, _) in paths.items()},
        }
        return Answer(facts, {name: values.float() for name, values in arrays.items()})

    def plane(self, circles: Split, generator: torch.Generator) -> Plane:
        """Train a network, and return the landscape around it."""
        x, y = circles.x.double(), torch.nn.functional.one_hot(circles.y).double()
        settings = self.training
        begin = initial(x.shape[1], settings.hidden, y.shape[1], settings.scale, generator)
        steps = batches(len(x), settings.batch_size, settings.epochs, generator)
        return Plane(train(begin, x, y, settings.learning_rate, steps), x, y)

    def _settings(self, count: int, generator: torch.Generator) -> dict[str, tuple[float, list[Tensor]]]:
        """Return learning rate and batches of every path."""
        settings = {}
        for index, size in enumerate(self.batch_sizes):
            steps = batches(count, min(size or count, count), self.epochs, generator)
            settings[f"batch{index}"] = (self.learning_rate, steps)
        for index, rate in enumerate(self.learning_rates):
            settings[f"rate{index}"] = (rate, [torch.arange(count)] * self.steps)
        return settings


def _landscape(plane: Plane, start: Tensor, lowest: Tensor) -> dict[str, Any]:
    """Return the weights that move, the start and the lowest point, and the bound on the learning rate, 2 / λ."""
    largest = float(plane.curvatures(lowest)[-1])
    return {
        "weights": [[int(unit), plane.x.shape[1] - 1] for unit in plane.units],
        "examples": len(plane.x),
        "start": {"point": start.tolist(), "loss": float(plane.loss(start[None]))},
        "lowest": {"point": lowest.tolist(), "loss": float(plane.loss(lowest[None]))},
        "stable_below": 2 / largest if largest > 0 else None,
    }


def _path(
    plane: Plane, rate: float, steps: list[Tensor], start: Tensor, ends: Tensor
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return a summary of one path, and its points with the loss of the whole set at each."""
    points = plane.descend(start, rate, steps)
    losses = plane.loss(points)
    tail = points[-max(2, len(points) // TAIL) :]
    remaining = float((losses[-len(tail) :].mean() - ends[1]) / (ends[0] - ends[1]).clamp(min=1e-300))
    summary = {
        "learning_rate": rate,
        "batch_size": max(len(rows) for rows in steps),
        "steps": len(steps),
        "final_loss": float(losses[-1]),
        "rises": int((losses[1:] > losses[:-1]).sum()),
        "scatter": float((tail - tail.mean(0)).square().sum(-1).mean().sqrt()),
        "converged": remaining < NEAR,
    }
    return summary, {"points": points, "losses": losses}
