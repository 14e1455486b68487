"""What training needs to go on where it was stopped: each part gives its state as tensors, and takes it back."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from rdfia.models.layers import Dropout

State = dict[str, Tensor]


class Stateful(Protocol):
    """A part of training with a state, such as a network, an optimiser or a generator."""

    def state_dict(self) -> Mapping[str, Any]:
        """Return the state as tensors by name."""

    def load_state_dict(self, state: Mapping[str, Any], /) -> object:
        """Take the state that was returned before."""


def copied_state(parts: Mapping[str, Stateful]) -> State:
    """Copy the states of all parts to the CPU, each tensor below the name of its part."""
    found = {f"{name}/{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}
    return {key: value.detach().to("cpu", copy=True).contiguous() for key, value in found.items()}


def restore(parts: Mapping[str, Stateful], state: Mapping[str, Tensor] | None) -> None:
    """Give every part its state back; without a state all are left as they are."""
    if state:
        for name, part in parts.items():
            part.load_state_dict(below(name, state))


def below(name: str, tensors: Mapping[str, Tensor]) -> State:
    """Return the tensors below a name, without it."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}


def like(saved: Tensor, weight: Tensor) -> Tensor:
    """Return a tensor of an optimiser's state on the device of the weight; in its memory format if it has its shape.

    A scalar stays on the CPU, where optimisers count their steps.
    """
    if saved.ndim and saved.shape == weight.shape:
        return torch.empty_like(weight, dtype=saved.dtype).copy_(saved)
    return saved.to(weight.device) if saved.ndim else saved


def drawing(network: nn.Module) -> dict[str, Generator]:
    """Return the generators of a network's layers of dropout, of those that have drawn."""
    layers = ((name, layer) for name, layer in network.named_modules() if isinstance(layer, Dropout))
    return {name: layer.generator for name, layer in layers if layer.generator is not None}


class Generators:
    """The generators of training: of the order and the augmentations, and of a network's layers of dropout."""

    def __init__(self, generators: Sequence[Generator], network: nn.Module) -> None:
        self.generators = generators
        self.network = network

    def state_dict(self) -> State:
        own = {str(index): generator.get_state() for index, generator in enumerate(self.generators)}
        return own | {name: generator.get_state() for name, generator in drawing(self.network).items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        for index, generator in enumerate(self.generators):
            generator.set_state(state[str(index)])
        for name, layer in self.network.named_modules():
            if isinstance(layer, Dropout) and name in state:
                layer.generator = Generator(self.generators[0].device)
                layer.generator.set_state(state[name])


class Stopwatch:
    """The seconds of training, those before a stop included."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def state_dict(self) -> State:
        return {"seconds": torch.tensor(self.seconds, dtype=torch.float64)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.start -= state["seconds"].item()
