"""The landscape of two weights, and the paths on it."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from rdfia.data.store import Split
from rdfia.theory.answer import Answer
from rdfia.theory.descent import DescentPaths
from rdfia.theory.plane import Plane, batches, gradients, initial, train


@pytest.fixture(scope="module")
def plane(circles: Split) -> Plane:
    return DescentPaths().plane(circles, Generator().manual_seed(0))


@pytest.fixture(scope="module")
def answer(circles: Split, plane: Plane) -> Answer:
    """Steps of a small, a good and too large a share of what the curvature allows."""
    limit = 2 / plane.curvatures(plane.lowest(torch.linspace(-5, 7, 25, dtype=torch.float64)))[-1].item()
    return DescentPaths(points=25, learning_rates=(0.02 * limit, 0.35 * limit, 1.5 * limit)).answer(circles)


def _loss(weights: dict[str, Tensor], circles: Split) -> Tensor:
    """The loss as PyTorch's own layers give it."""
    h = nn.functional.linear(circles.x.double(), weights["Wh"], weights["bh"]).tanh()
    return nn.functional.cross_entropy(nn.functional.linear(h, weights["Wy"], weights["by"]), circles.y)


def test_the_gradients_by_hand_are_autograds(circles: Split) -> None:
    weights = {n: w.requires_grad_() for n, w in initial(2, 10, 2, 0.3, Generator().manual_seed(1)).items()}
    expected = torch.autograd.grad(_loss(weights, circles), list(weights.values()))
    y = nn.functional.one_hot(circles.y).double()
    slopes = gradients({n: w.detach() for n, w in weights.items()}, circles.x.double(), y)
    for name, gradient in zip(weights, expected, strict=True):
        torch.testing.assert_close(slopes[name], gradient)


def test_training_by_hand_learns_the_ring(circles: Split, plane: Plane) -> None:
    assert _loss(dict(plane.weights), circles) < 0.35  # a coin has 0.69
    one = train(plane.weights, plane.x, plane.y, 0.1, batches(80, 80, 1, Generator()))
    assert _loss(dict(one), circles) < _loss(dict(plane.weights), circles)


def test_an_epoch_sees_every_example_once() -> None:
    steps = batches(10, 4, 3, Generator().manual_seed(0))
    assert [len(rows) for rows in steps] == [4, 4, 2] * 3
    assert torch.cat(steps[:3]).sort().values.tolist() == list(range(10))


def test_the_plane_is_the_loss_with_two_weights_moved(circles: Split, plane: Plane) -> None:
    Wh = plane.weights["Wh"].clone()
    Wh[plane.units[0], 1], Wh[plane.units[1], 1] = 0.5, -2.0
    point = torch.tensor([0.5, -2.0], dtype=torch.float64, requires_grad=True)
    expected = _loss({**plane.weights, "Wh": Wh}, circles)
    torch.testing.assert_close(plane.loss(point[None])[0], expected)
    (slope,) = torch.autograd.grad(plane.loss(point[None])[0], point)
    torch.testing.assert_close(plane.gradient(point.detach(), torch.arange(80)), slope)
    grid = torch.tensor([-2.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(plane.surface(grid)[0, 1], expected)  # the first weight is across


def test_the_lowest_point_is_flat_and_its_curvature_autograds(plane: Plane) -> None:
    lowest = plane.lowest(torch.linspace(-5, 7, 25, dtype=torch.float64))
    assert plane.gradient(lowest, torch.arange(80)).abs().max() < 1e-5
    second = torch.autograd.functional.hessian(lambda point: plane.loss(point[None])[0], lowest)
    torch.testing.assert_close(plane.curvatures(lowest), torch.linalg.eigvalsh(second), rtol=1e-4, atol=1e-6)


def test_beyond_two_over_the_curvature_descent_leaves_the_lowest_point(plane: Plane) -> None:
    lowest = plane.lowest(torch.linspace(-5, 7, 25, dtype=torch.float64))
    limit = 2 / plane.curvatures(lowest)[-1].item()
    whole, near = [torch.arange(80)] * 200, lowest + 1e-3
    ends = [(plane.descend(near, share * limit, whole)[-1] - lowest).norm().item() for share in (0.8, 1.2)]
    assert ends[0] < 1e-3 < 0.05 < ends[1]


def test_smaller_batches_take_more_steps_for_the_same_examples(answer: Answer) -> None:
    whole, mini, online = (answer.facts["paths"][f"batch{index}"] for index in range(3))
    assert [path["steps"] for path in (whole, mini, online)] == [20, 160, 1600]
    assert [path["batch_size"] for path in (whole, mini, online)] == [80, 10, 1]
    lengths = [answer.arrays[f"batch{index}/points"].diff(dim=0).norm(dim=1).sum().item() for index in range(3)]
    assert lengths == sorted(lengths)
    assert whole["final_loss"] > mini["final_loss"]


def test_small_right_and_large_steps(answer: Answer) -> None:
    small, right, large = (answer.facts["paths"][f"rate{index}"] for index in range(3))
    assert [path["converged"] for path in (small, right, large)] == [False, True, False]
    assert small["rises"] == 0
    assert right["rises"] < 3 < 8 < large["rises"]
    assert right["learning_rate"] < answer.facts["stable_below"] < large["learning_rate"]


def test_the_arrays_fit_the_facts(answer: Answer) -> None:
    paths: dict[str, Any] = answer.facts["paths"]
    assert answer.arrays["surface"].shape == (25, 25)
    for key, path in paths.items():
        points, losses = answer.arrays[f"{key}/points"], answer.arrays[f"{key}/losses"]
        assert points.shape == (path["steps"] + 1, 2)
        assert points[0].tolist() == answer.facts["start"]["point"]
        assert losses[-1].item() == pytest.approx(path["final_loss"], rel=1e-5)
    assert answer.facts["lowest"]["loss"] <= answer.arrays["surface"].min().item() + 1e-6
