"""A grid over the sizes of a transformer: which settings the seeds can rank, and one setting that was printed thrice.

Ranks come from Welch's differences. With n runs each is compared with n - 1 others, and each of these intervals has
the level 1 - 5 % / (n - 1) (Bonferroni), so that what is said of one run holds as a whole at 95 %. A run then lies
behind all that are resolved to be better and before all that are resolved to be worse: its range of ranks (Mogstad,
Romano, Shaikh and Wilhelm 2024). Runs share a rank where the highest mean among them is not resolved from theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.changes import at
from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import HELPS, HURTS, Estimate, difference, mean, resolve, shared
from rdfia.analyse.published import Published, comparable_figures, figures_for, read
from rdfia.analyse.results import FINISHED, PERCENT, ChapterResult, RunResult, Study
from rdfia.report.engine.drawing import listed
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.grouped import SURE, trimmed

GRID = "grid"  # the group's name
LEAST = 3  # runs that are ranked
MILLION = 1e6
COLUMNS = (
    Column("rank"),
    Column("run", code=True),
    Column("embed", numeric=True),
    Column("patch", numeric=True),
    Column("blocks", numeric=True),
    Column("tokens", numeric=True),
    Column("weights", numeric=True),
    Column("FLOPs", "M", numeric=True),
    Column("test accuracy", "%", numeric=True),
    Column("may have rank", numeric=True),
)


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
        found = self.run.test_accuracy
        if found is None:
            raise ValueError(f"{self.run.key}: no test accuracy")
        return found


def grid(chapter: ChapterResult) -> list[Setting]:
    """The group's runs that ended well, one for each embed, patch and blocks, in this order."""
    runs = [run for group in groups(chapter) if group.name == GRID for run in group.runs]
    cells = [cell for run in runs if run.status == FINISHED and run.test and (cell := _cell(run)) is not None]
    first = {(cell.embed, cell.patch, cell.blocks): cell for cell in reversed(cells)}
    return [first[key] for key in sorted(first)]


def _cell(run: RunResult) -> Setting | None:
    """The run's place in the grid, None for a run that is no transformer on images."""
    sizes = [at(run.config, f"model.{key}") for key in ("embed", "patch_size", "blocks")]
    if not all(isinstance(size, int) for size in sizes) or len(run.card.shape) != 3:
        return None
    return Setting(run, *sizes)


@dataclass(frozen=True)
class Rank:
    """A place among the runs: the rank that it shares, and the range that the seeds leave open."""

    cell: Setting
    rank: int
    shared: bool
    low: int
    high: int


def ranks(cells: Sequence[Setting]) -> list[Rank]:
    """The runs by mean test accuracy, with their ranks."""
    ordered = sorted(cells, key=lambda cell: -cell.accuracy.mean)
    level = shared(len(cells) - 1)
    tops = _tops(ordered, level)
    found = []
    for place, cell in enumerate(ordered):
        verdicts = [resolve(_apart(cell, other, level)) for other in ordered if other is not cell]
        low, high = 1 + verdicts.count(HURTS), len(ordered) - verdicts.count(HELPS)
        found.append(Rank(cell, 1 + tops[place], tops.count(tops[place]) > 1, low, high))
    return found


def _tops(ordered: Sequence[Setting], level: float) -> list[int]:
    """For each run the place of the highest with which it shares its rank."""
    tops: list[int] = []
    for place, cell in enumerate(ordered):
        new = not tops or resolve(_apart(cell, ordered[tops[-1]], level)) == HURTS
        tops.append(place if new else tops[-1])
    return tops


def _apart(cell: Setting, other: Setting, level: float) -> Estimate:
    return difference(list(cell.run.test.values()), list(other.run.test.values()), level)


def tables(study: Study) -> list[Table]:
    """The ranking of each chapter that has a grid."""
    printed = read()
    pairs = [(chapter, grid(chapter)) for chapter in study.chapters]
    return [ranking(study, chapter, cells, printed) for chapter, cells in pairs if len(cells) >= LEAST]


def ranking(study: Study, chapter: ChapterResult, cells: Sequence[Setting], printed: Sequence[Published]) -> Table:
    """Every run of the grid, the highest mean first, with the published figures beside it."""
    found = ranks(cells)
    figures = [figures_for(rank.cell.run, printed) for rank in found]
    reports = sorted({figure.report for each in figures for figure in each})
    columns = [Column(report, "%", stacked=True) for report in reports]
    rows = tuple(_row(*pair, reports) for pair in zip(found, figures, strict=True))
    judged = not reports or any(comparable_figures(study, rank.cell.run, printed) for rank in found)
    return trimmed(Table(f"{chapter.name}_ranking", _caption(found, judged), (*COLUMNS, *columns), rows))


def _row(rank: Rank, figures: Sequence[Published], reports: Sequence[str]) -> tuple[Cell, ...]:
    """The sizes, the costs, the accuracy and the ranks of a run, and what each report prints for it."""
    cell = rank.cell
    sizes = (cell.embed, cell.patch, cell.blocks, cell.tokens, cell.run.parameters)
    said = ("; ".join(figure.value for figure in figures if figure.report == report) for report in reports)
    flops = cell.run.flops / MILLION if cell.run.flops else None
    span = f"{rank.low}" if rank.low == rank.high else f"{rank.low} to {rank.high}"
    return (f"{rank.rank}{'=' * rank.shared}", cell.run.name, *sizes, flops, cell.accuracy, span, *said)


def _caption(found: Sequence[Rank], judged: bool) -> str:
    """How ranks are made, how many runs share the first, and how wide the ranges are."""
    first = [rank for rank in found if rank.rank == 1]
    wide = mean([float(rank.high - rank.low + 1) for rank in found])
    count = len(found)
    level = f"{PERCENT * shared(count - 1):.4g} %"
    known = "" if judged else " Published figures do not compare with these runs: they are shown and not judged."
    return (
        f"The {count} runs of the grid by mean test accuracy, with the FLOPs of an image forwards. Runs share a "
        "rank, marked =, where the seeds do not resolve them from the highest mean of that rank; each run is compared "
        f"with the {count - 1} others, each by Welch's interval at {level}, so that all {count - 1} hold together at "
        f"{SURE}. The other ranks are those that a run may have: behind all that are resolved to be better, before all "
        f"that are resolved to be worse. Look at how wide they are: {wide:.1f} of {count} places in the mean. "
        f"{_shared(first)}{known}"
    )


def _shared(first: Sequence[Rank]) -> str:
    """How many settings the seeds do not tell from the best, and the cheapest of these."""
    if len(first) == 1:
        return f"{first[0].cell.run.name} alone is first."
    counted = [rank.cell for rank in first if rank.cell.run.flops]
    cheap = min(counted, key=lambda cell: cell.run.flops or 0, default=None)
    least = f", of which {cheap.run.name} takes the fewest FLOPs" if cheap else ""
    names = listed([rank.cell.run.name for rank in first[:3]])
    more = f" and {len(first) - 3} more" if len(first) > 3 else ""
    return f"{len(first)} runs share the first rank ({names}{more}){least}."
