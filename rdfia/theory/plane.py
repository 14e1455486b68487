"""The network of part 1 by its formulas alone, and the loss as a landscape over two of its weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from rdfia.models import formulas

Parameters = Mapping[str, Tensor]


def initial(inputs: int, hidden: int, outputs: int, scale: float, generator: Generator) -> Parameters:
    """Sample weights and biases from N(0, scale²)."""
    shapes = {"Wh": (hidden, inputs), "bh": (hidden,), "Wy": (outputs, hidden), "by": (outputs,)}
    return {n: scale * torch.randn(s, dtype=torch.float64, generator=generator) for n, s in shapes.items()}


def forward(weights: Parameters, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return h and ỹ."""
    h = formulas.hidden(formulas.hidden_input(x, weights["Wh"], weights["bh"]))
    return h, formulas.output(h, weights["Wy"], weights["by"])


def gradients(weights: Parameters, x: Tensor, y: Tensor) -> Parameters:
    """Return the gradient of the cross-entropy for every weight, by the formulas of questions 15 to 17."""
    h, y_tilde = forward(weights, x)
    on_y = formulas.grad_y_tilde(y, formulas.softmax(y_tilde))
    on_h = formulas.grad_h_tilde(on_y, weights["Wy"], h)
    return {
        "Wh": formulas.grad_Wh(on_h, x),
        "bh": formulas.grad_bh(on_h),
        "Wy": formulas.grad_Wy(on_y, h),
        "by": formulas.grad_by(on_y),
    }


def batches(count: int, size: int, epochs: int, generator: Generator) -> list[Tensor]:
    """Return the examples of each step: every epoch in a new order, cut into batches."""
    return [rows for _ in range(epochs) for rows in torch.randperm(count, generator=generator).split(size)]


def train(weights: Parameters, x: Tensor, y: Tensor, rate: float, steps: list[Tensor]) -> Parameters:
    """Train all weights by mini-batch descent."""
    for rows in steps:
        slopes = gradients(weights, x[rows], y[rows])
        weights = {name: formulas.sgd(weight, slopes[name], rate) for name, weight in weights.items()}
    return weights


@dataclass(frozen=True)
class Plane:
    """The loss over two weights while all others stay; a point (..., 2) holds their values.

    They lead from the last input to the two hidden units on which the difference of the outputs depends most.
    """

    weights: Parameters
    x: Tensor  # (N, nx)
    y: Tensor  # (N, ny)

    @property
    def units(self) -> Tensor:
        """Return the two hidden units with the largest weights towards the outputs."""
        return self.weights["Wy"].std(0).topk(2).indices

    def at(self, points: Tensor) -> Parameters:
        """Return the weights of a network for every point."""
        Wh = self.weights["Wh"].expand(*points.shape[:-1], -1, -1).clone()
        Wh[..., self.units, -1] = points
        return {**self.weights, "Wh": Wh}

    def loss(self, points: Tensor) -> Tensor:
        """Return the cross-entropy over all examples at each of the points (n, 2)."""
        parts = [forward(self.at(part), self.x)[1] for part in points.split(128)]  # a part at a time, for memory
        return torch.cat([formulas.cross_entropy_of_softmax(self.y, part) for part in parts])

    def gradient(self, points: Tensor, rows: Tensor) -> Tensor:
        """Return the gradient of the loss of some examples at a point (2) or at points (n, 2)."""
        return gradients(self.at(points), self.x[rows], self.y[rows])["Wh"][..., self.units, -1]

    def surface(self, grid: Tensor, centre: Tensor | None = None) -> Tensor:
        """Return the loss, the first weight across and the second one down: (n, n) for a grid (n) about a centre."""
        down, across = torch.meshgrid(grid, grid, indexing="ij")
        points = torch.stack((across, down), -1)
        return self.loss((points if centre is None else points + centre).flatten(0, 1)).view(across.shape)

    def lowest(self, grid: Tensor, zooms: int = 12) -> Tensor:
        """Search the point of the least loss: the best of the grid, then the best of ever finer grids about it."""
        centre = torch.zeros(2, dtype=grid.dtype)
        for _ in range(zooms):
            row, column = divmod(int(self.surface(grid, centre).argmin()), len(grid))
            centre = centre + grid[[column, row]]
            grid = torch.linspace(-1, 1, 9, dtype=grid.dtype) * (grid[1] - grid[0])
        return centre

    def curvatures(self, point: Tensor, step: float = 1e-4) -> Tensor:
        """Return the eigenvalues of the Hessian (2), the smaller first, by central differences of the gradient."""
        moves = step * torch.eye(2, dtype=point.dtype)
        rows = torch.arange(len(self.x))
        second = (self.gradient(point + moves, rows) - self.gradient(point - moves, rows)) / (2 * step)
        values: Tensor = torch.linalg.eigvalsh((second + second.mT) / 2)
        return values

    def descend(self, start: Tensor, rate: float, steps: list[Tensor]) -> Tensor:
        """Return the points of plain descent: (steps + 1, 2)."""
        points = [start]
        for rows in steps:
            points.append(formulas.sgd(points[-1], self.gradient(points[-1], rows), rate))
        return torch.stack(points)
