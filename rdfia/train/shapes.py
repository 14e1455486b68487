"""A network without numbers: its shapes, the memory that training it would take, and one pass through it.

PyTorch's device `meta` holds the shape of a tensor and nothing else, so that a network of any size is built at once.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

from rdfia.config import ConfigError, shorten
from rdfia.data import batches
from rdfia.train.classifier import example_input, network
from rdfia.train.run import Run


class Shapes(TorchFunctionMode):
    """A context in which tensors are made without numbers; single random numbers, which seed layers, are drawn."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if func is torch.randint and () in args:
            return func(*args, **given | {"device": "cpu"})
        given.pop("generator", None)
        if func is torch.empty_like:
            given["device"] = "meta"
        return func(*args, **given)


def check_shapes(run: Run, card: Mapping[str, Any]) -> None:
    """Refuse a run whose network cannot be built on these data, does not fit in memory, or does not take an example."""
    try:
        with torch.device("meta"), Shapes(), torch.no_grad():
            generator = torch.Generator("cpu")
            built, example = network(run, card, generator), example_input(run, card)
            weights = sum(weight.numel() for weight in run.around(built, generator).parameters())
            check_memory(run, card, weights, example.numel(), activations(built, example))
    except (RuntimeError, ValueError, OverflowError, MemoryError, ZeroDivisionError) as error:
        reason = " ".join(str(error).split())[:120]
        found = shorten(run.model.model_dump(mode="json"))
        raise ConfigError(
            f"model: found {found}, allowed: a network that can be built on these data ({reason})"
        ) from None


def check_augmentations(run: Run, card: Mapping[str, Any]) -> None:
    """Refuse augmentations that cannot change an image of these data: one is changed."""
    image, generator = torch.zeros(1, *card["shape"]), torch.Generator()
    for augmentation in run.augment:
        try:
            image = augmentation(image, generator)
        except RuntimeError as error:
            found = shorten(augmentation.model_dump(mode="json"))
            allowed = f"what can change these images ({_reason(error)})"
            raise ConfigError(f"augment: found {found}, allowed: {allowed}") from None


def check_memory(run: Run, card: Mapping[str, Any], weights: int, values: int, kept: int) -> None:
    """Refuse a run that takes more memory than the machine has, though its activations have half the bits."""
    needed = in_training(run, card, weights, values, kept // 2)
    there = memory()
    if needed > there:
        found = f"{weights:,} weights, which take {needed / 2**30:,.1f} GiB in training"
        if kept:
            found = f"{found} by batches of {_batch(run, card):,}"
        raise ConfigError(f"model: found {found}, allowed: the {there / 2**30:,.1f} GiB of this machine")


def in_training(run: Run, card: Mapping[str, Any], weights: int, values: int, kept: int) -> int:
    """Estimate the bytes that training takes: weights, a batch of so many values, and what it keeps to go back."""
    return run.memory(weights, values, _examples(run, card)) + _batch(run, card) * kept


def activations(built: nn.Module, example: Tensor) -> int:
    """Return the bytes that a network keeps of an example in float32 until its gradients are known: none by formulas.

    A tensor that several operations keep counts once; masks of dropout, which wants numbers, are left out.
    """
    weights = {StorageWeakRef(weight.untyped_storage()) for weight in built.parameters()}
    kept = dict[StorageWeakRef, int]()

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[StorageWeakRef(storage)] = storage.nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = built.eval()(example)
    del logits
    return sum(size for storage, size in kept.items() if storage not in weights)


def _examples(run: Run, card: Mapping[str, Any]) -> int:
    return run.examples(card.get("counts", {}).get("train", 1))


def _batch(run: Run, card: Mapping[str, Any]) -> int:
    """Return how many examples of a batch are in the network at once; machines and formulas have none there."""
    return batches.size(getattr(run, "batch_size", 0), _examples(run, card))


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]


def memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
