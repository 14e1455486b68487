"""Optimisers against PyTorch's and their equations."""

import subprocess
import sys
from typing import Any, get_args

import pytest
import torch
from pydantic import ValidationError
from torch import Generator, Tensor, nn

from rdfia.train.optimise import (
    LBFGS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Muon,
    NAdam,
    Optimiser,
    RMSprop,
    TorchSGD,
)
from rdfia.train.steps import Descent, JointDescent, orthogonalise, two_loop_recursion

ORACLES = [
    (SGD(learning_rate=0.1), torch.optim.SGD, {}),
    (SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.01), torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (TorchSGD(learning_rate=0.1, momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    (Adagrad(learning_rate=0.1), torch.optim.Adagrad, {}),
    (
        Adagrad(learning_rate=0.1, weight_decay=0.1, epsilon=0.01),
        torch.optim.Adagrad,
        {"weight_decay": 0.1, "eps": 0.01},
    ),
    (Adadelta(learning_rate=1.0), torch.optim.Adadelta, {}),
    (Adadelta(learning_rate=2.0, rho=0.8, weight_decay=0.1), torch.optim.Adadelta, {"rho": 0.8, "weight_decay": 0.1}),
    (RMSprop(learning_rate=0.01), torch.optim.RMSprop, {}),
    (
        RMSprop(learning_rate=0.01, rho=0.9, momentum=0.8, weight_decay=0.1),
        torch.optim.RMSprop,
        {"alpha": 0.9, "momentum": 0.8, "weight_decay": 0.1},
    ),
    (Adam(learning_rate=0.01), torch.optim.Adam, {}),
    (Adam(learning_rate=0.01, weight_decay=0.1), torch.optim.Adam, {"weight_decay": 0.1}),
    (Adam(learning_rate=0.01, amsgrad=True, beta2=0.5), torch.optim.Adam, {"amsgrad": True, "betas": (0.9, 0.5)}),
    (AdamW(learning_rate=0.01, weight_decay=0.1), torch.optim.AdamW, {"weight_decay": 0.1}),
    (NAdam(learning_rate=0.01), torch.optim.NAdam, {}),
    (
        NAdam(learning_rate=0.01, beta1=0.8, momentum_decay=0.1, weight_decay=0.1),
        torch.optim.NAdam,
        {"betas": (0.8, 0.999), "momentum_decay": 0.1, "weight_decay": 0.1},
    ),
]


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed))


def both_ways(ours: Any, kind: Any, options: Any, shape: tuple[int, ...], steps: int = 20) -> tuple[Tensor, Tensor]:
    """Move the same start along the same gradients, by ours and by PyTorch's."""
    own, theirs = (nn.Parameter(normal(*shape, seed=99)) for _ in range(2))
    descent, reference = ours.over([own]), kind([theirs], lr=ours.learning_rate * 0.5, **options)
    for step in range(steps):
        own.grad, theirs.grad = (normal(*shape, seed=step) for _ in range(2))
        descent.step(0.5)
        reference.step()
    assert own.grad is None
    return own.detach(), theirs.detach()


@pytest.mark.parametrize(("ours", "kind", "options"), ORACLES)
def test_updates_are_those_of_torch(ours: Any, kind: Any, options: Any) -> None:
    torch.testing.assert_close(*both_ways(ours, kind, options, (4, 3)), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8), (5, 20), (20, 5), (40, 3, 3, 3)])
def test_a_step_of_muon_is_nearly_orthogonal_and_as_long_for_any_gradient(shape: tuple[int, ...]) -> None:
    ratio = max(1, shape[0] / torch.Size(shape[1:]).numel()) ** 0.5
    steps = []
    for size in (1e-3, 1e3):
        weight = nn.Parameter(torch.zeros(shape))
        weight.grad = size * normal(*shape, seed=3)
        Muon(learning_rate=0.1).over([weight]).step(0.5)
        steps.append(-weight.detach().flatten(1) / (0.05 * ratio))
        assert weight.shape == shape
    torch.testing.assert_close(steps[0], steps[1], atol=1e-4, rtol=1e-3)
    values = torch.linalg.svdvals(steps[0])
    assert values.min() > 0.5
    assert values.max() < 1.25


def test_orthogonal_keeps_the_directions_of_a_matrix() -> None:
    left, _, right = torch.linalg.svd(normal(6, 9, seed=1), full_matrices=False)
    matrix = left @ torch.linspace(1, 3, 6).diag() @ right
    shares = left.mT @ orthogonalise(matrix, 5) @ right.mT  # diagonal where the directions are kept
    torch.testing.assert_close(shares, shares.diagonal().diag(), atol=1e-4, rtol=0)
    torch.testing.assert_close(orthogonalise(matrix.mT, 5), orthogonalise(matrix, 5).mT)
    assert orthogonalise(torch.zeros(3, 4), 5).abs().max() == 0


def test_muon_leaves_biases_to_adamw_at_its_own_rate() -> None:
    others = AdamW(learning_rate=0.003, weight_decay=0.1)
    muon = both_ways(Muon(learning_rate=0.5, others=others), torch.optim.AdamW, {"weight_decay": 0.1}, (4,))[0]
    adamw = both_ways(others, torch.optim.AdamW, {"weight_decay": 0.1}, (4,))[0]
    torch.testing.assert_close(muon, adamw)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")
@pytest.mark.parametrize("options", [{}, {"momentum": 0.5, "nesterov": False}, {"weight_decay": 0.5, "ns_steps": 3}])
@pytest.mark.parametrize("shape", [(8, 8), (5, 20), (20, 5)])
def test_muon_is_that_of_torch_up_to_its_half_precision(options: Any, shape: tuple[int, ...]) -> None:
    settings = {"iterations" if key == "ns_steps" else key: value for key, value in options.items()}
    theirs = {"weight_decay": 0.0, **options}
    own, reference = both_ways(Muon(learning_rate=0.1, **settings), torch.optim.Muon, theirs, shape)
    way = (reference - normal(*shape, seed=99)).norm()
    assert (own - reference).norm() < 0.02 * way  # PyTorch multiplies in bfloat16


class Quadratic:
    """xᵀ A x / 2 - bᵀ x, with eigenvalues of A from 0.01 to 1 and two tensors of weights, 20 numbers together."""

    def __init__(self, seed: int) -> None:
        turn = torch.linalg.qr(normal(20, 20, seed=seed).double())[0]
        self.A, self.b = turn @ torch.logspace(-2, 0, 20).double().diag() @ turn.mT, normal(20, seed=seed + 1).double()
        self.weights = [nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in ((3, 4), (8,))]

    def loss(self) -> Tensor:
        x = torch.cat([weight.flatten() for weight in self.weights])
        return x @ self.A @ x / 2 - self.b @ x

    def excess(self, optimiser: Any, steps: int) -> float:
        """Return the loss above its minimum after so many steps."""
        descent = optimiser.over(self.weights)
        for _ in range(steps):
            self.loss().backward()  # type: ignore[no-untyped-call]
            descent.step(1.0)
        return float(self.loss().detach() + self.b @ torch.linalg.solve(self.A, self.b) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_lbfgs_minimises_a_quadratic_far_better_than_gradient_descent(seed: int) -> None:
    ours = Quadratic(seed).excess(LBFGS(learning_rate=1.0), 60)
    best = min(Quadratic(seed).excess(SGD(learning_rate=rate), 60) for rate in (0.5, 1.0, 1.5, 1.9))
    assert ours < 1e-3 * best


@pytest.mark.parametrize("memory", [1, 4, 10])
def test_lbfgs_is_that_of_torch_without_its_line_search(memory: int) -> None:
    own, theirs = Quadratic(0), Quadratic(0)
    reference = torch.optim.LBFGS(theirs.weights, lr=0.5, max_iter=1, history_size=memory)
    descent = LBFGS(learning_rate=0.5, memory=memory).over(own.weights)

    def closure() -> Tensor:
        reference.zero_grad()
        loss = theirs.loss()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    for _ in range(20):
        own.loss().backward()  # type: ignore[no-untyped-call]
        descent.step(1.0)
        reference.step(closure)
    for ours, other in zip(own.weights, theirs.weights, strict=True):
        torch.testing.assert_close(ours, other, atol=1e-7, rtol=1e-6)


def test_the_recursion_sends_the_latest_change_of_the_gradient_to_the_step_that_made_it() -> None:
    A = Quadratic(0).A
    steps = normal(4, 20, seed=7).double()
    pairs = torch.stack([steps, steps @ A], 1)  # (4, 2, 20)
    torch.testing.assert_close(two_loop_recursion(pairs[-1, 1], pairs), pairs[-1, 0])
    H = torch.stack([two_loop_recursion(unit, pairs) for unit in torch.eye(20).double()])
    torch.testing.assert_close(H, H.mT)
    assert torch.linalg.eigvalsh(H).min() > 0


def test_lbfgs_leaves_out_pairs_that_bend_the_wrong_way() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    descent: Any = LBFGS(learning_rate=0.1).over([weight])
    for _ in range(3):
        weight.grad = -weight.detach()  # the loss -|w|² / 2
        descent.step(1.0)
    assert len(descent.state["pairs"]) == 0
    assert weight.norm() > 5**0.5  # still downhill


def test_lbfgs_decays_weights_and_leaves_those_without_a_gradient() -> None:
    moved, still = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    moved.grad = torch.zeros(2)
    LBFGS(learning_rate=1.0, weight_decay=0.25).over([moved, still]).step(1.0)
    assert (moved.tolist(), still.tolist()) == ([0.75, 0.75], [1, 1])


KINDS = get_args(get_args(Optimiser)[0])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_optimiser_learns_to_separate_and_the_same_twice(kind: Any) -> None:
    optimiser = kind(learning_rate=1.0 if kind is Adadelta else 0.05)
    ends = [separated(optimiser) for _ in range(2)]
    assert ends[0][0] < ends[0][1]
    assert ends[0] == ends[1]


def separated(optimiser: Any) -> tuple[float, float]:
    """Return the loss after 30 steps of a small network on two classes, and before."""
    x = normal(40, 5, seed=0)
    y = (x[:, 0] * x[:, 1] > 0).long()
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
    for seed, weight in enumerate(network.parameters()):
        weight.data = 0.3 * normal(*weight.shape, seed=seed)
    descent, losses = optimiser.over(network.parameters()), []
    for _ in range(31):
        loss = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        losses.append(loss.item())
        descent.step(1.0)
    return losses[-1], losses[0]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(Adadelta, {"rho": 1.0}), (RMSprop, {"momentum": 1.0}), (Muon, {"iterations": 0}), (LBFGS, {"memory": 0})],
)
def test_bad_settings_are_refused(kind: Any, settings: Any) -> None:
    with pytest.raises(ValidationError):
        kind(learning_rate=0.1, **settings)


def test_weights_without_a_gradient_stay() -> None:
    weight = nn.Parameter(torch.ones(2))
    SGD(learning_rate=1.0, weight_decay=1.0).over([weight]).step(1.0)
    assert weight.tolist() == [1, 1]


def test_training_does_not_import_pytorchs_compiler() -> None:
    code = (
        "import sys, torch; from rdfia.models.cnn import CNN; from rdfia.train.optimise import SGD;"
        "n = CNN(channels=(2,), hidden=2).build((1, 8, 8), 2, torch.Generator());"
        "n(torch.ones(2, 1, 8, 8)).sum().backward(); SGD(learning_rate=1.0).over(n.parameters()).step(1.0);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ADAMS = [
    AdamW(learning_rate=0.01, weight_decay=0.1),
    Adam(learning_rate=0.01, amsgrad=True, beta2=0.5, weight_decay=0.1),
    NAdam(learning_rate=0.01),
]


def weights_of_all_kinds() -> list[nn.Parameter]:
    """A matrix, a bias, a kernel with its channels last, a number, and a weight that has no gradient."""
    generator = Generator().manual_seed(0)
    shapes: list[tuple[int, ...]] = [(5, 3), (5,), (4, 3, 2, 2), (), (7,)]
    drawn = [torch.randn(shape, generator=generator) for shape in shapes]
    drawn[2] = drawn[2].contiguous(memory_format=torch.channels_last)
    return list(map(nn.Parameter, drawn))


@pytest.mark.parametrize("kind", ADAMS)
def test_weights_that_move_as_one_vector_move_as_each_by_itself(kind: Any) -> None:
    parts = [weights_of_all_kinds(), weights_of_all_kinds()]
    ways = [Descent(kind, parts[0]), JointDescent(kind, parts[1])]
    generator = Generator().manual_seed(1)
    for step in range(5):
        gradients = [torch.randn(w.shape, generator=generator) for w in parts[0][:-1]]
        for weights, way in zip(parts, ways, strict=True):
            for w, g in zip(weights, gradients, strict=False):
                w.grad = g.clone()
            way.step(1 - step / 10)
        if step == 2:  # it is stopped and goes on
            saved = ways[1].state_dict()
            ways[1] = JointDescent(kind, parts[1])
            ways[1].load_state_dict({key: value.clone() for key, value in saved.items()})
    for each, joint, before in zip(*parts, weights_of_all_kinds(), strict=True):
        assert each.grad is joint.grad is None
        assert torch.allclose(each, joint, rtol=1e-5, atol=1e-7)
        assert joint.is_contiguous(memory_format=torch.channels_last) == (before.ndim == 4)
        assert torch.equal(joint, before) == (len(before.flatten()) == 7)


@pytest.mark.parametrize("kind", ADAMS)
def test_adam_moves_all_weights_as_one_vector_on_an_accelerator_alone(kind: Any) -> None:
    assert type(kind.over([nn.Parameter(torch.empty(3))])) is Descent
    assert type(kind.over(iter([nn.Parameter(torch.empty(3, device="meta"))]))) is JointDescent
