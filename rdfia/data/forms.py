"""Ten plane shapes as signed distances: negative inside, zero on the outline, in the frame [-1, 1]^2.

After Quilez, "2D distance functions"; away from the outline they are bounds of the distance, which suffices for a soft
edge. Each shape is its own mirror image, so a horizontal flip of an image keeps its class.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Form = Callable[[Tensor, Tensor], Tensor]


def bar(x: Tensor, y: Tensor) -> Tensor:
    """Return the distance to a short bar, a distractor that is no class."""
    return torch.maximum(x.abs() - 1.4, y.abs() - 0.5)


def _disc(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - 0.85


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (torch.hypot(x, y) - 0.7).abs() - 0.22


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.75


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(0.866 * x.abs() + 0.5 * y, -y) - 0.5


def _star(x: Tensor, y: Tensor) -> Tensor:
    """Fold the plane into one of five sectors, whose edge joins the tip at radius 1 and the notch at radius 0.42."""
    sector = 2 * math.pi / 5
    angle = (torch.atan2(x, y) + sector / 2).remainder(sector) - sector / 2
    radius = torch.hypot(x, y)
    across, along = radius * angle.sin().abs(), radius * angle.cos()
    notch = (0.42 * math.sin(sector / 2), 0.42 * math.cos(sector / 2))
    normal = (1 - notch[1], notch[0])
    return (across * normal[0] + (along - 1) * normal[1]) / math.hypot(*normal)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    arms = torch.minimum(x.abs(), y.abs()) - 0.27
    return torch.maximum(arms, torch.maximum(x.abs(), y.abs()) - 0.92)


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(torch.hypot(x, y) - 0.95, 0.72 - torch.hypot(x, y - 0.45))


def _heart(x: Tensor, y: Tensor) -> Tensor:
    lobes = torch.hypot(x.abs() - 0.42, y - 0.3) - 0.47
    tip = torch.maximum((x.abs() - y) * 0.7071 - 0.62, y - 0.3)
    return torch.minimum(lobes, torch.maximum(tip, x.abs() - 0.89))


def _arrow(x: Tensor, y: Tensor) -> Tensor:
    head = torch.maximum(0.7071 * (x.abs() + y) - 0.67, 0.1 - y)
    shaft = torch.maximum(x.abs() - 0.24, (y + 0.4).abs() - 0.55)
    return torch.minimum(head, shaft)


def _hourglass(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum((x.abs() - 0.95 * y.abs()) * 0.72 - 0.08, y.abs() - 0.85)


FORMS: dict[str, Form] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "crescent": _crescent,
    "heart": _heart,
    "arrow": _arrow,
    "hourglass": _hourglass,
}
