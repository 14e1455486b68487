"""A network together with its preprocessing: the model that is trained, saved and logged takes raw images."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from rdfia.config import ConfigError
from rdfia.data.augment import Augmentations
from rdfia.data.normalise import to_unit
from rdfia.data.whitening import PatchWhiten
from rdfia.train.flops import Flops


class Classifier(nn.Module):
    """raw → [0, 1] → (colours changed) → normaliser → (geometry changed) → network → logits.

    The steps in brackets are random in `augmented` and fixed (a centre crop, or nothing) in `forward`.
    """

    def __init__(self, normalise: nn.Module, augment: Augmentations, network: nn.Module) -> None:
        super().__init__()
        self.normalise, self.network = normalise, network
        self.pixels = tuple(a for a in augment if a.space == "pixels")
        self.geometry = tuple(a for a in augment if a.space == "normalised")

    def forward(self, raw: Tensor) -> Tensor:
        return self.logits(self.preprocess(raw))

    def preprocess(self, raw: Tensor) -> Tensor:
        """Return the network's input for images without random changes."""
        return self._normalised(to_unit(raw), lambda augmentation, x: augmentation.evaluate(x))

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of images that are preprocessed already."""
        return self.network(_channels_last(x))  # type: ignore[no-any-return]

    def augmented(self, raw: Tensor, generator: Generator) -> Tensor:
        """Return the network's input for one random variant of every image."""
        x = to_unit(raw)
        for augmentation in self.pixels:
            x = augmentation(x, generator)
        return self._normalised(x, lambda augmentation, x: augmentation(x, generator))

    def _normalised(self, x: Tensor, change: Callable[[Any, Tensor], Tensor]) -> Tensor:
        """Apply the normaliser, then the geometry; the other way round for a filter, which commutes with no flip."""
        filters = isinstance(self.normalise, PatchWhiten)
        x = x if filters else self.normalise(x)
        for augmentation in self.geometry:
            x = change(augmentation, x)
        return self.normalise(x) if filters else x


def _channels_last(x: Tensor) -> Tensor:
    """Return images with the channels last in memory, which convolutions read faster."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def stack(models: Sequence[Classifier]) -> Classifier:
    """Stack networks of one shape into one: each weight gains a leading dimension. One alone is left as it is."""
    first, *others = models
    for name, weight in first.network.named_parameters() if others else ():
        weight.data = torch.stack([weight.data, *(model.network.get_parameter(name).data for model in others)])
    return first


def build(run: Any, card: Mapping[str, Any], statistics: Mapping[str, Tensor], generator: Generator) -> Classifier:
    """Build the classifier of a run on the data that `card` describes, with random weights from `generator`."""
    return Classifier(run.normalise.build(statistics), run.augment, network(run, card, generator))


def network(run: Any, card: Mapping[str, Any], generator: Generator) -> nn.Module:
    """Build the run's network for images as the run's augmentations leave them."""
    mixing, smoothing = getattr(run, "mixing", None), getattr(run, "label_smoothing", 0.0)
    if run.augment and card["kind"] != "images":
        raise ConfigError(f"augment: found {len(run.augment)} augmentations, allowed: none on {card['kind']}")
    if mixing and card["kind"] != "images":
        raise ConfigError(f"mixing: found {mixing.name}, allowed: none on {card['kind']}")
    if run.augment and run.normalise.name == "pca":
        raise ConfigError(f"augment: found {len(run.augment)}, allowed: none after pca, which leaves no picture")
    if getattr(run.normalise, "own", False) and any(augment.space == "pixels" for augment in run.augment):
        raise ConfigError(
            "normalise.own: found True, allowed: False with an augmentation of colours, which comes first"
        )
    shape = example_input(run, card).shape[1:]
    built: nn.Module = run.model.build(tuple(shape), len(card["classes"]), generator)
    if (mixing or smoothing) and hasattr(built, "gradients"):
        key = "mixing" if mixing else "label_smoothing"
        raise ConfigError(f"{key}: found {getattr(run, key)}, allowed: none with formulas for labels as they are")
    return built


def example_input(run: Any, card: Mapping[str, Any]) -> Tensor:
    """Return one example of zeros in the shape in which the network reads it."""
    example = torch.zeros(1, *run.normalise.shape(tuple(card["shape"])))
    for augmentation in run.augment:
        example = augmentation.evaluate(example)
    return example


def forward_flops(run: Any, card: Mapping[str, Any]) -> int:
    """Count the operations of one forward pass of one example: two for each product."""
    built, example, counter = network(run, card, torch.Generator()).eval(), example_input(run, card), Flops()
    with counter, torch.no_grad():
        built(example)
    return counter.total
