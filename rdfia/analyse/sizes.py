"""What embed, patch size and blocks of a grid of transformers change in the mean over the other settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.metrics import mean
from rdfia.analyse.ranks import Setting

SETTINGS = ("embed", "patch", "blocks")


@dataclass(frozen=True)
class Change:
    """The mean accuracy at the smallest and at the largest value of a setting."""

    setting: str
    values: tuple[int, int]
    means: tuple[float, float]


@dataclass(frozen=True)
class Tokens:
    """The mean accuracy and the mean FLOPs of an image with so many tokens."""

    count: int
    accuracy: float
    flops: float | None


def matched(cells: Sequence[Setting], name: str) -> list[Setting]:
    """Return the cells whose other settings are there with every value of this one, so that means can be compared."""
    values: dict[tuple[int, ...], set[int]] = {}
    for cell in cells:
        values.setdefault(_others(cell, name), set()).add(getattr(cell, name))
    whole = set[int]().union(*values.values())
    return [cell for cell in cells if values[_others(cell, name)] == whole]


def _others(cell: Setting, name: str) -> tuple[int, ...]:
    return tuple(getattr(cell, other) for other in SETTINGS if other != name)


def change(cells: Sequence[Setting], name: str) -> Change | None:
    """Return how the mean goes as one setting goes from its smallest to its largest; None if it has one value."""
    values = sorted({getattr(cell, name) for cell in cells})
    ends = (values[0], values[-1])
    pairs = matched([cell for cell in cells if getattr(cell, name) in ends], name)
    if len(values) < 2 or not pairs:
        return None
    low, high = (mean([cell.accuracy.mean for cell in pairs if getattr(cell, name) == end]) for end in ends)
    return Change(name, ends, (low, high))


def by_tokens(cells: Sequence[Setting]) -> list[Tokens]:
    """Return the mean accuracy and cost by number of tokens, over the settings that are there with each."""
    alike = matched(cells, "patch") or cells
    return [
        Tokens(count, mean([cell.accuracy.mean for cell in here]), mean(flops) if flops else None)
        for count in sorted({cell.tokens for cell in cells})
        for here in [[cell for cell in alike if cell.tokens == count]]
        for flops in [[float(cell.run.flops) for cell in here if cell.run.flops]]
    ]
