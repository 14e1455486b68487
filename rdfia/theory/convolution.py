"""Questions 1c and 1d.8 to 1d.12: sizes, weights and receptive fields of convolutions, by formula and by counting.

Formulas, ours and those that reports print, run over a grid of sizes beside what PyTorch's layers have. The course's
network is built and counted layer by layer; what a unit depends on is where its gradient on the image is not 0.
"""

from itertools import accumulate, product
from math import isqrt
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn
from torch.nn import functional

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.models.cnn import CNN, ConvNet
from rdfia.theory.answer import Answer
from rdfia.theory.printed_counts import EXAMPLE, FORMULAS, LAYERS, PRINTED_EXAMPLE, RECURRENCES, TOTALS, Sizes

SIDE, DEPTH, CLASSES, IMAGES = 32, 3, 10, 50_000  # of CIFAR-10
CROP, LARGE = 28, 96  # pixels of a crop, and of an image that holds every receptive field
WORDS, DESCRIPTOR = (100, 1000), 128  # of a bag of visual words, and the numbers in each
Numbers = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], listed, Field(min_length=1)]


class Convolution(Config):
    """Every formula over all sizes that a kernel fits, and the counts of the course's network."""

    name: Literal["convolution"] = "convolution"
    heights: Numbers = (6, 9, 16)
    widths: Numbers = (7, 12)
    depths: Numbers = (1, 3, 8)
    kernels: Numbers = (1, 2, 3, 5)
    paddings: Annotated[tuple[Annotated[int, Field(ge=0, le=16)], ...], listed, Field(min_length=1)] = (0, 1, 2)
    strides: Numbers = (1, 2, 3)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return how often each formula is right, and the network's layers and counts; the circles are not needed."""
        cases = [(sizes, counted(sizes)) for sizes in self.sizes()]
        generator = Generator().manual_seed(self.seed)
        network, small = self._build(SIDE, generator), self._build(CROP, generator)
        layers = network_layers(network)
        total, dense = weights(network), weights(network.head)
        facts = {
            "cases": len(cases),
            "formulas": [formula.facts(cases) for formula in FORMULAS],
            "example": {**EXAMPLE._asdict(), "printed": PRINTED_EXAMPLE, **counted(EXAMPLE)},
            "layers": layers,
            "total": total,
            "printed_totals": TOTALS,
            "examples": IMAGES,
            "dense": dense,
            "crop": {"side": CROP, "total": weights(small)},
            "words": [bag_of_words(count) for count in WORDS],
            "fields": fields(network),
            "larger": larger(network, generator),
            "shifts": shifts(generator),
        }
        return Answer(facts)

    def sizes(self) -> list[Sizes]:
        """Return all sizes of the grid at which the kernel fits into the padded image."""
        grid = product(self.heights, self.widths, self.depths, self.kernels, self.paddings, self.strides)
        return [sizes for each in grid if (sizes := Sizes(*each)).fits]

    def _build(self, side: int, generator: Generator) -> ConvNet:
        network = CNN().build((DEPTH, side, side), CLASSES, generator)
        assert isinstance(network, ConvNet)
        return network.double()


def counted(sizes: Sizes) -> dict[str, int]:
    """Count what the layers of PyTorch have: values that come out, and weights without biases."""
    x, y, z, k, p, s = sizes
    image = torch.empty(1, z, x, y, device="meta")  # shapes alone, whatever the size
    convolution = nn.Conv2d(z, 1, k, s, p, bias=False, device="meta")
    values = convolution(image).numel()
    return {
        "values": values,
        "weights": weights(convolution),
        "dense": weights(nn.Linear(image.numel(), values, bias=False, device="meta")),
        "unshared": weights(convolution) * values,  # a kernel for each place
    }


def weights(module: nn.Module) -> int:
    """Count all weights and biases."""
    return sum(parameter.numel() for parameter in module.parameters())


def named_layers(network: ConvNet) -> list[tuple[str, nn.Module]]:
    """Return the layers under the course's names: conv1, pool1, …, fc4, fc5."""
    named: list[tuple[str, nn.Module]] = []
    place = 0  # a pooling belongs to the convolution before it
    for layer in (*network.features, *network.head):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            place += 1
            named.append((f"{'conv' if isinstance(layer, nn.Conv2d) else 'fc'}{place}", layer))
        elif isinstance(layer, nn.MaxPool2d):
            named.append((f"pool{place}", layer))
    return named


@torch.no_grad()
def network_layers(network: ConvNet) -> list[dict[str, Any]]:
    """Return for each layer its output and its weights, beside the weights that reports print."""
    x, layers = torch.zeros(1, DEPTH, SIDE, SIDE, dtype=torch.float64), []
    for name, layer in named_layers(network):
        x = layer(x.flatten(1) if isinstance(layer, nn.Linear) else x)
        printed = {report: counts.get(name) for report, counts in LAYERS.items()}
        layers.append({"layer": name, "output": list(x.shape[1:]), "weights": weights(layer), "printed": printed})
    return layers


def bag_of_words(words: int) -> dict[str, int]:
    """Count the weights of a linear classifier on histograms of words, and with the dictionary."""
    classifier = weights(nn.Linear(words, CLASSES, device="meta"))
    return {"words": words, "weights": classifier, "with_dictionary": classifier + words * DESCRIPTOR}


def fields(network: ConvNet) -> list[dict[str, Any]]:
    """Return for each layer before the dense ones the side of its receptive field, in three ways.

    `sides` by each recurrence, `seen` by the gradient on an image that holds the field, and `within` the most rows of
    the network's own images that any unit sees.
    """
    layers = [(name, layer) for name, layer in named_layers(network) if not isinstance(layer, nn.Linear)]
    shapes = [(int(_first(layer.kernel_size)), int(_first(layer.stride))) for _, layer in layers]
    sides = {name: accumulate_sides(name, shapes) for name in RECURRENCES}
    return [
        {
            "layer": name,
            "sides": {recurrence: found[depth] for recurrence, found in sides.items()},
            "seen": seen(layers[: depth + 1], LARGE),
            "within": max(seen(layers[: depth + 1], SIDE, place) for place in range(SIDE)),
        }
        for depth, (name, _) in enumerate(layers)
    ]


def accumulate_sides(recurrence: str, shapes: list[tuple[int, int]]) -> list[int]:
    """Return the side after each layer of these kernels and strides."""
    jumps = list(accumulate((stride for _, stride in shapes), lambda jump, stride: jump * stride))
    sides: list[int] = []
    for (kernel, stride), before, after in zip(shapes, [1, *jumps], jumps, strict=False):
        sides.append(RECURRENCES[recurrence](sides[-1] if sides else None, kernel, stride, before, after))
    return sides


def seen(layers: list[tuple[str, nn.Module]], side: int, place: int | None = None) -> int:
    """Return the rows of an image on which a unit of the last layer depends, by default the one in the middle.

    All weights are 1 and a pooling takes the mean, so that no gradient is 0 by chance or behind a maximum.
    """
    image = torch.ones(1, 1, side, 1, dtype=torch.float64, requires_grad=True)
    x: Tensor = image
    for _, layer in layers:
        kernel, stride, padding = (int(_first(getattr(layer, key))) for key in ("kernel_size", "stride", "padding"))
        x = functional.conv2d(x, torch.ones(1, 1, kernel, 1, dtype=torch.float64), stride=(stride, 1),
                              padding=(padding, 0))  # fmt: skip
    place = x.shape[2] // 2 if place is None else min(place, x.shape[2] - 1)
    (slope,) = torch.autograd.grad(x[0, 0, place, 0], image)
    return int((slope != 0).sum())


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


def convolutional(network: ConvNet) -> nn.Sequential:
    """Return the same network with its dense layers as convolutions: the first over the whole map, the rest 1 × 1."""
    layers: list[nn.Module] = list(network.features)
    channels = [layer.out_channels for layer in network.features if isinstance(layer, nn.Conv2d)][-1]
    for layer in network.head:
        if isinstance(layer, nn.Linear):
            side = isqrt(layer.in_features // channels)
            convolution = nn.Conv2d(channels, layer.out_features, side, dtype=torch.float64)
            convolution.load_state_dict({"weight": layer.weight.view_as(convolution.weight), "bias": layer.bias})
            channels = layer.out_features
            layers.append(convolution)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


@torch.no_grad()
def larger(network: ConvNet, generator: Generator) -> dict[str, Any]:
    """Return what both forms of the network make of its own and of larger images."""
    whole = convolutional(network.eval())
    images = torch.rand(4, DEPTH, SIDE, SIDE, dtype=torch.float64, generator=generator)
    apart = float((whole(images).flatten(1) - network(images)).abs().max())
    try:
        network(torch.zeros(1, DEPTH, 40, 56, dtype=torch.float64))
    except RuntimeError as error:
        refused = str(error)
    maps = [
        {"image": [h, w], "map": list(whole(torch.zeros(1, DEPTH, h, w, dtype=torch.float64)).shape[2:])}
        for h, w in ((32, 32), (39, 40), (40, 56), (64, 48))
    ]
    return {"apart": apart, "refused": refused, "maps": maps, "weights": weights(whole)}


@torch.no_grad()
def shifts(generator: Generator) -> dict[str, float]:
    """Return how far the output of a shifted image is from the shifted output, at most and away from the borders."""
    convolution = torch.randn(4, DEPTH, 5, 5, dtype=torch.float64, generator=generator)
    image = torch.rand(1, DEPTH, LARGE, LARGE, dtype=torch.float64, generator=generator)
    maps = [functional.conv2d(image.roll(by, -1), convolution, padding=2)[..., 8:-8] for by in (0, 1, 2)]
    pools = [functional.max_pool2d(each, 2) for each in maps]
    return {
        "convolution, by 1": _apart(maps[0].roll(1, -1), maps[1]),
        "with pooling, by 2": _apart(pools[0].roll(1, -1), pools[2]),
        "with pooling, by 1": min(_apart(pools[0].roll(by, -1), pools[1]) for by in (0, 1)),
    }


def _apart(one: Tensor, two: Tensor) -> float:
    return float((one - two)[..., 2:-2].abs().max())
