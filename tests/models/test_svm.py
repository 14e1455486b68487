"""The kernel machine against scikit-learn's SVC: every kernel, two classes and ten."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.svm import SVC
from torch import Generator, Tensor

from rdfia.models.svm import SVM, KernelMachine
from rdfia.train.classifier import Classifier
from rdfia.train.margin import pairwise_coefficients

KERNELS: dict[str, dict[str, Any]] = {
    "linear": {"kernel": "linear"},
    "sigmoid": {"kernel": "sigmoid", "coef0": -0.5},
    "rbf": {"kernel": "rbf"},
    "poly2": {"kernel": "poly", "degree": 2},
    "poly3": {"kernel": "poly", "degree": 3, "coef0": 1.0, "gamma": 0.2},
}
COST = 3.0


def points(classes: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return overlapping blobs, with centres on a circle."""
    generator = Generator().manual_seed(seed)
    y = torch.arange(count) % classes
    angle = 2 * torch.pi * y / classes
    centre = torch.stack((angle.cos(), angle.sin()), 1)
    return centre + 0.5 * torch.randn(count, 2, generator=generator), y


def oracle(classes: int, settings: dict[str, Any]) -> Any:
    x, y = points(classes, 150, 0)
    return SVC(C=COST, break_ties=True, **settings).fit(x.double().numpy(), y.numpy())


def machine_of(theirs: Any, classes: int, settings: dict[str, Any]) -> KernelMachine:
    """Return the machine with the support vectors of scikit-learn."""
    machine = SVM.model_validate(settings).build((2,), classes, Generator())
    result = {
        "support": theirs.support_vectors_,
        "coefficients": pairwise_coefficients(theirs.dual_coef_, theirs.n_support_, classes),
        "intercept": theirs.intercept_,
        "gamma": np.array([theirs._gamma]),
    }
    machine.load_state_dict({key: torch.from_numpy(value) for key, value in result.items()})
    assert isinstance(machine, KernelMachine)
    return machine


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("settings", KERNELS.values(), ids=KERNELS)
def test_the_decisions_equal_scikit_learn(settings: dict[str, Any], classes: int) -> None:
    """Agree to eleven digits in float64, and to 1e-4 of the largest decision in float32."""
    theirs = oracle(classes, settings)
    machine, x = machine_of(theirs, classes, settings), points(classes, 200, 1)[0].double()
    expected = theirs.decision_function(x.numpy())
    scores = machine(x)
    ours = (scores[:, 1] - scores[:, 0] if classes == 2 else scores).detach().numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-11 * max(1, np.abs(expected).max()), rtol=0)
    assert np.array_equal(scores.argmax(1).numpy(), theirs.predict(x.numpy()))
    exact = machine.decisions(x)
    rough = machine.float().decisions(x.float()).double()
    torch.testing.assert_close(rough, exact, atol=1e-4 * float(exact.abs().max()), rtol=0)
    assert not torch.equal(rough, exact)


def test_two_classes_are_a_sigmoid_of_the_decision() -> None:
    machine = machine_of(oracle(2, KERNELS["rbf"]), 2, KERNELS["rbf"])
    x = points(2, 200, 1)[0]
    d = machine.decisions(x)[:, 0]
    torch.testing.assert_close(machine(x).softmax(1)[:, 1], torch.sigmoid(d))
    free = (machine.coefficients.abs() < COST * (1 - 1e-6))[:, 0]  # 0 < α < C: they lie on the margins
    assert free.any()
    margins = machine.decisions(machine.support_points()[free]).abs()
    torch.testing.assert_close(margins, torch.ones_like(margins), atol=2e-3, rtol=0)  # libsvm stops at 1e-3


def test_a_state_may_have_any_number_of_support_vectors_but_no_other_shape() -> None:
    machine = SVM().build((2,), 3, Generator())
    assert machine(torch.zeros(4, 2)).shape == (4, 3)  # empty, it knows its constants
    state = machine.state_dict()
    for count in (5, 2):
        grown = state | {"support": torch.ones(count, 2), "coefficients": torch.ones(count, 3)}
        machine.load_state_dict(grown)
        assert machine.state_dict()["support"].shape == (count, 2)
    with pytest.raises(RuntimeError, match="size mismatch for support"):
        machine.load_state_dict(state | {"support": torch.ones(4, 7), "coefficients": torch.ones(4, 3)})


def test_gamma_is_a_number_or_scikit_learns_scale() -> None:
    x = points(2, 60, 0)[0]
    assert SVM().gamma_for(x) == pytest.approx(SVC().fit(x.numpy(), points(2, 60, 0)[1].numpy())._gamma, rel=1e-6)
    assert SVM(gamma=0.3).gamma_for(x) == 0.3
    assert SVM().gamma_for(torch.ones(4, 2)) == 1.0


@pytest.mark.parametrize(("kernel", "features"), [*((name, "pixels") for name in KERNELS), ("rbf", "hog")])
def test_the_machine_is_exported_for_any_batch(kernel: str, features: str) -> None:
    generator = Generator().manual_seed(0)
    machine = SVM.model_validate({**KERNELS[kernel], "features": features}).build((1, 12, 12), 3, generator)
    state = machine.state_dict()
    width = state["support"].shape[1]
    filled = {"support": torch.rand(4, width, generator=generator), "coefficients": torch.randn(4, 3).double()}
    machine.load_state_dict(state | filled)
    model = Classifier(torch.nn.Identity(), (), machine).eval()
    raw = torch.randint(0, 256, (7, 1, 12, 12), dtype=torch.uint8, generator=generator)
    exported = torch.export.export(model, (raw[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},)).module()
    torch.testing.assert_close(exported(raw), model(raw))
    torch.testing.assert_close(exported(raw[:1]), model(raw[:1]))
