"""Augmentations that move pixels: a homography for each image and one interpolated resampling of the whole batch.

A homography here maps a point of the new image to the point of the old one that is sampled there; coordinates are
pixels from the centre, x to the right and y down. Outside the image the value is 0, which after the normaliser is the
mean. Each equals torchvision's operation of the same name.
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor

from rdfia.data.sampling import RandomAugmentation, Range, bernoulli, constants, integers, uniform

Interpolation = Literal["bilinear", "nearest"]
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))  # (x, y) in sides, clockwise from the top left


class Rotation(RandomAugmentation):
    """A rotation about the centre by an angle from [-degrees, degrees], counter-clockwise."""

    name: Literal["rotation"] = "rotation"
    degrees: float = Field(15, ge=0, le=180)
    interpolation: Interpolation = "bilinear"

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the angles in degrees (N)."""
        return uniform(shape[:1], -self.degrees, self.degrees, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        # The angle of `affine` is clockwise.
        return warp(images, affine(affine_parameters(parameters, angle=-parameters)), self.interpolation)


class Affine(RandomAugmentation):
    """A shear along x, scaling, clockwise rotation about the centre, and translation by whole pixels.

    Angles are sampled from [-degrees, degrees] and [-shear, shear], shifts up to `translate` of each side.
    """

    name: Literal["affine"] = "affine"
    degrees: float = Field(15, ge=0, le=180)
    translate: float = Field(0.1, ge=0, le=1)
    scale: Range = (0.9, 1.1)
    shear: float = Field(10, ge=0, lt=90)
    interpolation: Interpolation = "bilinear"

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return angle in degrees, shifts along x and y, scale, shears along x and y in degrees (N, 6)."""
        count, _, height, width = shape
        limits = constants((width, height), torch.int64, generator.device) * self.translate
        angle = uniform((count, 1), -self.degrees, self.degrees, generator)
        shifts = (limits * uniform((count, 2), -1, 1, generator)).round()
        scale = uniform((count, 1), *self.scale, generator)
        shear = uniform((count, 1), -self.shear, self.shear, generator)
        return torch.cat([angle, shifts, scale, shear, torch.zeros_like(shear)], 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return warp(images, affine(parameters), self.interpolation)


class Perspective(RandomAugmentation):
    """With probability `p`, a perspective with corners moved inwards by up to `distortion` of half a side."""

    name: Literal["perspective"] = "perspective"
    distortion: float = Field(0.5, ge=0, le=1)
    p: float = Field(0.5, ge=0, le=1)
    interpolation: Interpolation = "bilinear"

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the shifts of the corners along x and y in whole pixels (N, 4, 2); 0 where the image stays."""
        count, _, height, width = shape
        limits = [int(self.distortion * (side // 2)) for side in (width, height)]
        shifts = torch.stack([integers((count, 4), limit + 1, generator) for limit in limits], 2)
        return shifts * bernoulli(count, self.p, generator)[:, None, None]

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        height, width = images.shape[2:]
        corners = constants(CORNERS, torch.float64, images.device)
        old = corners * constants((width - 1, height - 1), torch.float64, images.device)
        matrices = homography(old + (1 - 2 * corners) * parameters, old.expand(parameters.shape))
        return warp(images, from_corner(matrices, height, width), self.interpolation)


def warp(images: Tensor, matrices: Tensor, interpolation: Interpolation) -> Tensor:
    """Return the image whose value at p is the old one's at H p, for the homographies H (N, 3, 3)."""
    height, width = images.shape[2:]
    x = torch.arange(width, device=images.device, dtype=images.dtype) - (width - 1) / 2
    y = torch.arange(height, device=images.device, dtype=images.dtype)[:, None] - (height - 1) / 2
    # Written out: a matrix product would be rounded to bfloat16 under autocast.
    a, b, c = matrices.to(images.dtype)[..., None, None].unbind(2)  # columns (N, 3, 1, 1)
    across, along, depth = (a * x + b * y + c).unbind(1)  # (N, H, W)
    grid = torch.stack([across / depth * (2 / width), along / depth * (2 / height)], 3)
    # Beyond ±2 the value is 0; collinear corners have no homography (nan) and give an empty image.
    grid = grid.nan_to_num(2.0).clamp(-2, 2)
    return F.grid_sample(images, grid, mode=interpolation, padding_mode="zeros", align_corners=False)


def affine(parameters: Tensor) -> Tensor:
    """Return (T R(a) s Y(v) X(u))⁻¹, (N, 3, 3), from the columns a, shifts t, s, u, v (N, 6); angles in degrees.

    X(u) = [[1, -tan u], [0, 1]] shears along x, and Y(v) = [[1, 0], [-tan v, 1]] along y.
    As det R Y X = 1, the inverse of s [[a, b], [c, d]] is [[d, -b], [-c, a]] / s.
    """
    angle, x, y, scale, u, v = parameters.double().unbind(1)
    angle, u, v = (degrees * (math.pi / 180) for degrees in (angle, u, v))
    a, c = (angle - v).cos() / v.cos(), (angle - v).sin() / v.cos()
    b, d = -a * u.tan() - angle.sin(), angle.cos() - c * u.tan()
    a, b, c, d = a / scale, b / scale, c / scale, d / scale
    zero = torch.zeros_like(a)
    rows = (d, -b, b * y - d * x, -c, a, c * x - a * y, zero, zero, zero + 1)
    return torch.stack(rows, 1).view(-1, 3, 3)


def affine_parameters(like: Tensor, **given: Tensor) -> Tensor:
    """Return the columns that `affine` takes (N, 6): the identity, except for the given columns (N)."""
    neutral = {"angle": 0.0, "x": 0.0, "y": 0.0, "scale": 1.0, "shear_x": 0.0, "shear_y": 0.0}
    return torch.stack([given.get(name, torch.full_like(like, value)) for name, value in neutral.items()], 1)


def homography(new: Tensor, old: Tensor) -> Tensor:
    """Return H (N, 3, 3) with H p' = p up to scale for the four corners p' of `new` and p of `old` (N, 4, 2), H₃₃ = 1.

    Each corner gives two equations: h₁·(x', y', 1) = x h₃·(x', y', 1), and the same with h₂ and y.
    """
    points = F.pad(new, (0, 1), value=1.0)  # (N, 4, 3)
    none = torch.zeros_like(points)
    x, y = old.split(1, 2)
    left = torch.cat([torch.cat([points, none, -x * new], 2), torch.cat([none, points, -y * new], 2)], 1)
    right = torch.cat([x, y], 1)  # (N, 8, 1)
    solution, _ = torch.linalg.solve_ex(left, right)
    return F.pad(solution[..., 0], (0, 1), value=1.0).view(-1, 3, 3)


def from_corner(matrices: Tensor, height: int, width: int) -> Tensor:
    """Convert homographies from coordinates with origin top left to coordinates with origin at the centre: T⁻¹ H T."""
    a, b, c = matrices.unbind(2)  # columns (N, 3)
    shifted = torch.stack([a, b, a * (width / 2) + b * (height / 2) + c], 2)
    first, second, third = shifted.unbind(1)  # rows (N, 3)
    return torch.stack([first - width / 2 * third, second - height / 2 * third, third], 1)
