"""Runs that maximise margins: for every seed a sample of the train split, and one machine for every C."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations, pairwise
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Generator, Tensor

from rdfia.config import ConfigError, listed
from rdfia.models.svm import SVM, KernelMachine
from rdfia.models.words import VisualWords
from rdfia.train.classifier import Classifier, build
from rdfia.train.run import Checkpoint, Data, Event, Examples, Program, Record, Run, Trained, Weights
from rdfia.train.state import State, Stateful, Stopwatch, below, copied_state, restore
from rdfia.train.subset import sample_examples

Positive = Annotated[float, Field(gt=0, le=1e6)]
FEATURES_BATCH = 500


@dataclass(frozen=True)
class MarginRecord:
    """The figures of one C; `epoch` is its number in the run, from 1."""

    epoch: int
    C: float
    train_accuracy: float
    validation_accuracy: float
    support_vectors: int

    @property
    def diverged(self) -> bool:
        """Return False: the problem is convex, or as with the sigmoid it is at least bounded."""
        return False

    def __str__(self) -> str:
        accuracies = f"train {self.train_accuracy:6.1%}  validation {self.validation_accuracy:6.1%}"
        return f"C {self.C:g}  {accuracies}  {self.support_vectors} support vectors"

    @staticmethod
    def last(records: "Sequence[MarginRecord]") -> dict[str, Any]:
        """Summarise a seed by the C that is best on validation, the smallest of equals."""
        best = max(records, key=_by_accuracy)
        ended = {"status": "finished", "epochs": len(records)}
        return ended | asdict(best) | {"frozen_accuracy": best.train_accuracy}


def _by_accuracy(record: MarginRecord) -> tuple[float, float]:
    return record.validation_accuracy, -record.C


class MarginRun(Run):
    """A support vector machine, fitted for every `C` on `sample` examples that each seed samples, or on all.

    A `balanced` sample has as many examples of each class. With one more of a class, Σ_n α_n s_n = 0 keeps an α of that
    class below C, so that |f| is 1 at its point: at a small C nearly all of it is b, and that class is answered always.
    The kernel of each example with each other is held in memory: 8 n² bytes for a sample of n.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy", "scikit-learn")
    record: ClassVar[type[Record]] = MarginRecord
    model: SVM
    C: Annotated[tuple[Positive, ...], listed, Field(min_length=1)]
    sample: int | None = Field(None, ge=1)
    balanced: bool = False

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if self.augment:
            raise ValueError(f"no augment with an SVM, which sees each example once (found {len(self.augment)})")
        if self.balanced and self.sample is None:
            raise ValueError("balanced only with a sample (found none)")
        return self

    def memory(self, weights: int, values: int, examples: int) -> int:
        return 8 * examples**2

    def program(self, data: Data) -> Program:
        """Prepare to fit every seed, one after the other."""
        torch.set_num_threads(1)
        return Program((tuple(range(self.seeds)),), partial(fit_seeds, self, data))


class Best:
    """The machine that is best on validation of those fitted so far, and how many these are."""

    def __init__(self) -> None:
        self.fitted, self.accuracy = 0, (-1.0, 0.0)  # below that of any record
        self.weights = Weights()

    def update(self, record: MarginRecord, weights: Callable[[], Weights]) -> None:
        """Keep the weights if their machine is the best so far."""
        self.fitted = record.epoch
        if _by_accuracy(record) > self.accuracy:
            self.accuracy, self.weights = _by_accuracy(record), weights()

    def state_dict(self) -> State:
        weights = {f"weights/{key}": torch.from_numpy(value) for key, value in self.weights.items()}
        accuracy = torch.tensor(self.accuracy, dtype=torch.float64)
        return {"fitted": torch.tensor(self.fitted), "accuracy": accuracy, **weights}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        accuracy, negative_C = state["accuracy"].tolist()
        self.fitted, self.accuracy = int(state["fitted"]), (accuracy, negative_C)
        self.weights = {key: value.numpy() for key, value in below("weights", state).items()}


def fit_seeds(
    run: MarginRun, data: Data, seeds: Sequence[int], state: State | None = None
) -> Iterator[Event | tuple[int, Checkpoint]]:
    """Fit every seed, one after the other; the first begins with the state, if there is one."""
    for seed in seeds:
        yield from fit_seed(run, data, seed, state if seed == seeds[0] else None)


def fit_seed(
    run: MarginRun, data: Data, seed: int, state: State | None = None
) -> Iterator[Event | tuple[int, Checkpoint]]:
    """Yield one record for each C, then the machine that is best on validation."""
    clock, best = Stopwatch(), Best()
    parts: dict[str, Stateful] = {"clock": clock, "best": best}
    restore(parts, state)
    model = build(run, data.card, data.statistics, Generator().manual_seed(seed))
    machine: KernelMachine = model.network  # type: ignore[assignment]
    train = sample_examples(run.sample, data, seed, run.balanced)
    if isinstance(machine.features, VisualWords):
        machine.features.fit(torch.cat([model.preprocess(batch) for batch in train[0].split(FEATURES_BATCH)]), seed)
    problem = build_problem(model, machine, run.model, train, data.validation)
    for epoch, C in enumerate(run.C[best.fitted :], best.fitted + 1):
        solution = solve(problem, machine.sides.shape[1], C)
        record = score(machine, problem, solution, epoch, C)
        yield seed, record
        best.update(record, partial(to_state, machine, problem, solution))
        yield seed, Checkpoint(epoch, partial(copied_state, parts))
    yield seed, Trained(best.weights, clock.seconds)


@dataclass(frozen=True)
class Problem:
    """The part that every C shares: the sample's features, and the kernel with itself and with the validation split."""

    x: Tensor  # (n, D)
    y: Tensor  # (n,)
    inside: Tensor  # (n, n)
    across: Tensor  # (validation, n)
    validation: Tensor  # (validation,) labels


@dataclass(frozen=True)
class Solution:
    """The coefficients of every pair of classes (n, pairs), zero but for support vectors, and b (pairs,)."""

    coefficients: Tensor
    intercept: Tensor


@torch.no_grad()
def build_problem(
    model: Classifier, machine: KernelMachine, settings: SVM, train: Examples, validation: Examples
) -> Problem:
    """Compute the kernels, and set γ in the machine."""
    x, others = (_features(model, machine, raw) for raw in (train[0], validation[0]))
    machine.gamma.fill_(settings.gamma_for(x))
    inside, across = machine.kernel(x, x), machine.kernel(others, x)
    if not (inside.isfinite().all() and across.isfinite().all()):
        raise ConfigError(f"model: found the kernel {settings.kernel}, allowed: one whose values are numbers")
    return Problem(x, train[1], inside, across, validation[1])


def _features(model: Classifier, machine: KernelMachine, raw: Tensor) -> Tensor:
    """Return the inputs of the kernel, in batches: some features need many times their size while computed."""
    return torch.cat([machine.features(model.preprocess(batch)) for batch in raw.split(FEATURES_BATCH)])


def solve(problem: Problem, classes: int, C: float) -> Solution:
    """Solve the soft margin's dual problem for each pair of classes by scikit-learn (libsvm):

    max_α Σ_n α_n - ½ Σ_nm α_n α_m s_n s_m k(x_n, x_m),  0 ≤ α_n ≤ C,  Σ_n α_n s_n = 0, with s_n = ±1 the side of n
    """
    from sklearn.svm import SVC

    fitted = SVC(C=C, kernel="precomputed").fit(problem.inside.numpy(), problem.y.numpy())
    coefficients = torch.zeros(len(problem.y), len(fitted.intercept_), dtype=torch.float64)
    support = torch.from_numpy(fitted.support_).long()  # class by class
    coefficients[support] = torch.from_numpy(pairwise_coefficients(fitted.dual_coef_, fitted.n_support_, classes))
    return Solution(coefficients, torch.from_numpy(fitted.intercept_))


def pairwise_coefficients(dual: Any, counts: Any, classes: int) -> Any:
    """Rearrange scikit-learn's coefficients (classes - 1, M), a row for each other class, as (M, pairs)."""
    starts = np.concatenate([[0], np.cumsum(counts)])
    blocks = [slice(*ends) for ends in pairwise(starts)]
    pairs = list(combinations(range(classes), 2))
    coefficients = np.zeros((dual.shape[1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        coefficients[blocks[i], column] = dual[j - 1, blocks[i]]
        coefficients[blocks[j], column] = dual[i, blocks[j]]
    return coefficients


def score(machine: KernelMachine, problem: Problem, solution: Solution, epoch: int, C: float) -> MarginRecord:
    """Return the accuracies of one solution, by the scores of the machine itself."""
    parts = ((problem.inside, problem.y), (problem.across, problem.validation))
    train, validation = (
        (machine.scores(kernel @ solution.coefficients + solution.intercept).argmax(1) == y).double().mean().item()
        for kernel, y in parts
    )
    return MarginRecord(epoch, C, train, validation, int(_supports(solution).sum()))


def _supports(solution: Solution) -> Tensor:
    """Return which examples are support vectors (n,)."""
    return (solution.coefficients != 0).any(1)


def to_state(machine: KernelMachine, problem: Problem, solution: Solution) -> Weights:
    """Return the state of the machine with these support vectors."""
    support = _supports(solution)
    state = {
        "support": problem.x[support],
        "coefficients": solution.coefficients[support],
        "intercept": solution.intercept,
        "gamma": machine.gamma,
        **{f"features.{name}": value for name, value in machine.features.state_dict().items()},
    }
    return {key: value.numpy().copy() for key, value in state.items()}
