"""Sizes, weights and receptive fields of convolutions, by the right formulas and by those that reports print."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """An image of x × y × z, and a filter of kernel k, padding p and stride s."""

    x: int
    y: int
    z: int
    k: int
    p: int
    s: int

    @property
    def fits(self) -> bool:
        """Whether there is a place for the kernel."""
        return min(self.x, self.y) + 2 * self.p >= self.k

    @property
    def places(self) -> int:
        """The number of places of the kernel, x′ · y′."""
        return self.side(self.x) * self.side(self.y)

    def side(self, length: int) -> int:
        """Return the places along one side: ⌊(x + 2p − k) / s⌋ + 1."""
        return (length + 2 * self.p - self.k) // self.s + 1


@dataclass(frozen=True)
class Formula:
    """A formula for a quantity that `convolution.counted` counts, and who prints it; ours is printed by nobody."""

    quantity: str
    reports: tuple[str, ...]
    written: str
    value: Callable[[Sizes], float]
    right: bool = False

    def facts(self, cases: Sequence[tuple[Sizes, dict[str, int]]]) -> dict[str, Any]:
        """Return in how many cases it gives what was counted, and the first case where it does not."""
        wrong = [
            (sizes, counts[self.quantity]) for sizes, counts in cases if self.value(sizes) != counts[self.quantity]
        ]
        first = {**wrong[0][0]._asdict(), "gives": self.value(wrong[0][0]), "counted": wrong[0][1]} if wrong else None
        return {
            "quantity": self.quantity,
            "reports": list(self.reports),
            "written": self.written,
            "right": len(cases) - len(wrong),
            "first_wrong": first,
        }


def _without_floor(sizes: Sizes) -> float:
    x, y, _, k, p, s = sizes
    return ((x + 2 * p - k) / s + 1) * ((y + 2 * p - k) / s + 1)


FORMULAS = (
    Formula("values", ("R2022", "R2026"), "x′·y′, x′ = ⌊(x + 2p − k)/s⌋ + 1", lambda c: c.places, right=True),
    Formula("values", ("R2024",), "x′·y′, x′ = (x + 2p − k)/s + 1", _without_floor),
    Formula("values", ("R2023a",), "x′·y′·z", lambda c: c.places * c.z),
    Formula("weights", ("R2022", "R2023a", "R2024"), "k²·z", lambda c: c.k**2 * c.z, right=True),
    Formula("weights", ("R2026",), "k²", lambda c: c.k**2),
    Formula("dense", ("R2024", "R2026"), "x·y·z·x′·y′", lambda c: c.x * c.y * c.z * c.places, right=True),
    Formula("dense", ("R2023a",), "x·y·z", lambda c: c.x * c.y * c.z),
    Formula("dense", ("R2022",), "x·y·z·2·x′·y′·z", lambda c: 2 * c.x * c.y * c.z**2 * c.places),
    Formula("unshared", (), "k²·z·x′·y′", lambda c: c.k**2 * c.z * c.places, right=True),
    Formula("unshared", ("R2026",), "k²·z·x·y", lambda c: c.k**2 * c.z * c.x * c.y),
)

EXAMPLE, PRINTED_EXAMPLE = Sizes(256, 256, 3, 128, 0, 1), 3_221_225_472  # of R2024, for the dense layer

# The weights that reports print for each layer of the course's network, and in all
LAYERS: dict[str, dict[str, int]] = {
    "R2023a": {"conv1": 2_400, "conv2": 524_288, "conv3": 262_144, "fc4": 1_024_000, "fc5": 10_000},
    "R2026": {"conv1": 800, "conv2": 1_600, "conv3": 1_600, "fc4": 1_024_000, "fc5": 10_000},
}
TOTALS = {"R2022": 1_191_170, "R2023a": 1_822_832, "R2024": 231_170, "R2026": 1_038_000}  # R2024 prints ours too

# The side of the field from the one before (None at the first layer), the kernel, the stride, and the product of the
# strides before this layer and up to it
RECURRENCES: dict[str, Callable[[int | None, int, int, int, int], int]] = {
    "ours": lambda r, k, s, before, after: (r or 1) + (k - 1) * before,
    "R2023a": lambda r, k, s, before, after: k if r is None else r * k + (k - s),
    "R2024": lambda r, k, s, before, after: (r or 1) + (k - 1) * after,  # as its r₁ and r₂ are written out
}
