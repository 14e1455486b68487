"""A grid over the sizes of a transformer, and which of its runs the seeds can rank.

Ranks come from Welch's differences. With n runs each is compared with n - 1 others, and each of these intervals has
the level 1 - 5 % / (n - 1) (Bonferroni), so that all statements about one run hold together at 95 %. A run then lies
behind all that are resolved to be better and before all that are resolved to be worse: its range of ranks (Mogstad,
Romano, Shaikh and Wilhelm 2024). Runs share a rank where the highest mean among them is not resolved from theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.changes import get_path
from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import HELPS, HURTS, Estimate, resolve, shared
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult

GRID = "grid"  # the group's name
LEAST = 3  # runs that are ranked


@dataclass(frozen=True)
class Setting:
    """A run of the grid with its three settings."""

    run: RunResult
    embed: int
    patch: int
    blocks: int

    @property
    def tokens(self) -> int:
        """Patches, and a class token where there is one."""
        _, height, width = self.run.card.shape
        pooled = self.run.config["model"].get("pool") == "mean"
        return (height // self.patch) * (width // self.patch) + (not pooled)

    @property
    def accuracy(self) -> Estimate:
        """Test accuracy over the seeds."""
        accuracy = self.run.test_accuracy
        if accuracy is None:
            raise ValueError(f"{self.run.key}: no test accuracy")
        return accuracy


@dataclass(frozen=True)
class Rank:
    """A place among the runs: the rank that it shares, and the range that the seeds leave open."""

    cell: Setting
    rank: int
    shared: bool
    low: int
    high: int

    @property
    def width(self) -> int:
        """The number of ranks that the seeds leave open."""
        return self.high - self.low + 1


def grid(chapter: ChapterResult) -> list[Setting]:
    """Return the group's runs that ended well, one for each embed, patch and blocks, in this order."""
    runs = [run for group in groups(chapter) if group.name == GRID for run in group.runs]
    cells = [cell for run in runs if run.status == FINISHED and run.test and (cell := _cell(run)) is not None]
    first = {(cell.embed, cell.patch, cell.blocks): cell for cell in reversed(cells)}
    return [first[key] for key in sorted(first)]


def _cell(run: RunResult) -> Setting | None:
    """Return the run's place in the grid, None for a run that is no transformer on images."""
    sizes = [get_path(run.config, f"model.{key}") for key in ("embed", "patch_size", "blocks")]
    if not all(isinstance(size, int) for size in sizes) or len(run.card.shape) != 3:
        return None
    return Setting(run, *sizes)


def ranks(cells: Sequence[Setting]) -> list[Rank]:
    """Order the runs by mean test accuracy and rank them."""
    ordered = sorted(cells, key=lambda cell: -cell.accuracy.mean)
    level = shared(len(cells) - 1)
    tops = _tops(ordered, level)
    ranked = []
    for place, cell in enumerate(ordered):
        verdicts = [resolve(cell.run.beyond(other.run, level)) for other in ordered if other is not cell]
        low, high = 1 + verdicts.count(HURTS), len(ordered) - verdicts.count(HELPS)
        ranked.append(Rank(cell, 1 + tops[place], tops.count(tops[place]) > 1, low, high))
    return ranked


def _tops(ordered: Sequence[Setting], level: float) -> list[int]:
    """Return for each run the place of the highest with which it shares its rank."""
    tops: list[int] = []
    for place, cell in enumerate(ordered):
        new = not tops or resolve(cell.run.beyond(ordered[tops[-1]].run, level)) == HURTS
        tops.append(place if new else tops[-1])
    return tops
