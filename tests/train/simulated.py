"""A simulated accelerator: tensors that say they lie on it and have no values, and a list of what waits for it.

It is PyTorch's device `meta`, whose tensors have a shape, a type and no values: what needs a value is an error there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rdfia.data.sampling import constants
from rdfia.models import layers

GPU = torch.device("meta")


class SimulatedGenerator(Generator):
    """A generator that says it lies on the accelerator."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return GPU


def generator(where: Any = "cpu") -> Generator:
    return SimulatedGenerator() if torch.device(where).type == GPU.type else Generator()


class Calls(TorchFunctionMode):
    """What is called from Python: generators are where their numbers are to be, and copies from lists are noted."""

    def __init__(self, waits: list[str]) -> None:
        super().__init__()
        self.waits = waits

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.tensor and torch.device(kwargs.get("device") or "cpu").type == GPU.type:
            self.waits.append("torch.tensor")
        drawn_by = next((part for part in (*args, *kwargs.values()) if isinstance(part, Generator)), None)
        call = torch.empty_like if func is torch._sample_dirichlet else func  # it is not there
        result = call(args[0]) if call is not func else func(*args, **kwargs)
        if drawn_by is not None and isinstance(result, Tensor):
            assert drawn_by.device.type == result.device.type, f"{func}: a generator on {drawn_by.device}"
        return result


class Kernels(TorchDispatchMode):
    """What reaches the devices: copies to the CPU, and its tensors beside those of the accelerator, are noted."""

    def __init__(self, waits: list[str]) -> None:
        super().__init__()
        self.waits = waits

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [part for part in tree_leaves((args, kwargs)) if isinstance(part, Tensor)]
        result = func(*args, **(kwargs or {}))
        made = [part for part in tree_leaves(result) if isinstance(part, Tensor)]
        # A number alone is handed to a kernel with its arguments.
        kinds = {part.device.type for part in given if part.ndim} | {part.device.type for part in made}
        if len(kinds) > 1:
            self.waits.append(str(func))
        return result


@contextmanager
def accelerator(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Simulate an accelerator; the list grows by whatever makes the CPU wait for it, but for what needs a value."""
    waits: list[str] = []
    monkeypatch.setattr(layers, "Generator", generator)
    constants.cache_clear()
    try:
        with Calls(waits), Kernels(waits):
            yield waits
    finally:
        constants.cache_clear()
