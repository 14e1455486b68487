"""Training steps as CUDA graphs: what a step asks of the accelerator is captured once and then replayed.

A step of a small network is a hundred kernels of some microseconds each, and Python takes far longer to ask for them
one by one: a replay asks for all of them at once. It computes what the step computes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

from rdfia.config import switched_on

# Of raw images, labels, the factor on the learning rate, and whether to score the step: it returns the scores.
Step = Callable[[Tensor, Tensor, float, bool], Tensor | None]
Key = tuple[torch.Size, float, bool]  # what a captured step is of: shape, factor, scoring
BEFORE = 3  # equal steps before one is captured: libraries choose their kernels, optimisers make their state


def wanted() -> bool:
    """Return whether steps are to be replayed: `RDFIA_GRAPHS=1` says so."""
    return switched_on("RDFIA_GRAPHS")


@contextmanager
def _aside() -> Iterator[None]:
    """Have what is asked of the accelerator done as a capture has it: beside all else, and waiting is an error."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    torch.cuda.set_sync_debug_mode("error")
    try:
        with torch.cuda.stream(aside):
            yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
        torch.cuda.current_stream().wait_stream(aside)


def replay(step: Callable[[], object]) -> Callable[[], object]:
    """Return the replay of a step that reads no batch and draws nothing; where it waits, the step as it is."""
    try:
        with _aside():
            for _ in range(BEFORE):
                step()
    except RuntimeError:
        return step
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


class Replayed:
    """A step that is captured as soon as it comes again with the same shapes and the same factor.

    `generators` returns those that a step draws from. A step that waits for the accelerator, as where it takes numbers
    from the CPU, cannot be captured: it is taken as it is, always.
    """

    def __init__(self, step: Step, generators: Callable[[], Sequence[Generator]]) -> None:
        self.step, self.generators = step, generators
        self.captured: Captured | None = None
        self.waits: bool | None = None  # not known
        self.last, self.repeated = (torch.Size(), 0.0, False), 0

    def __call__(self, raw: Tensor, labels: Tensor, factor: float, scoring: bool) -> Tensor | None:
        key = (raw.shape, factor, scoring)
        if self.captured is not None and self.captured.key == key:
            return self.captured(raw, labels)
        self.repeated = self.repeated + 1 if key == self.last else 0
        self.last = key
        if self.waits or self.repeated < BEFORE:
            return self.step(raw, labels, factor, scoring)
        if self.waits is None:
            return self._try(raw, labels, factor, scoring)
        self.captured = None  # so that its memory is free
        self.captured = Captured(self.step, raw, labels, key, self.generators())
        return self.captured(raw, labels)

    def _try(self, raw: Tensor, labels: Tensor, factor: float, scoring: bool) -> Tensor | None:
        """Take a step in which waiting is an error; where it waits, before any gradient, take it again."""
        states = [(generator, generator.get_state()) for generator in self.generators()]
        try:
            with _aside():
                scored = self.step(raw, labels, factor, scoring)
            self.waits = False
        except RuntimeError:
            self.waits = True
        else:
            return scored
        for generator, state in states:
            generator.set_state(state)
        return self.step(raw, labels, factor, scoring)


class Captured:
    """A step as a CUDA graph, which reads its batch from tensors of its own."""

    def __init__(self, step: Step, raw: Tensor, labels: Tensor, key: Key, generators: Sequence[Generator]) -> None:
        self.key = key
        self.raw, self.labels = raw.clone(), labels.clone()
        self.graph = torch.cuda.CUDAGraph()
        for generator in generators:
            self.graph.register_generator_state(generator)
        with torch.cuda.graph(self.graph):
            self.scored = step(self.raw, self.labels, *key[1:])

    def __call__(self, raw: Tensor, labels: Tensor) -> Tensor | None:
        self.raw.copy_(raw)
        self.labels.copy_(labels)
        self.graph.replay()
        return None if self.scored is None else self.scored.clone()
