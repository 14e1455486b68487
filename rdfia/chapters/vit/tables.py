"""Tables of the transformers: which sizes the seeds can rank, and what shuffled patches cost."""

from collections.abc import Iterator, Sequence

from rdfia.analyse.metrics import Estimate, interval, mean, shared
from rdfia.analyse.published import Published, comparable_figures, figures_for
from rdfia.analyse.ranks import LEAST, Rank, grid, ranks
from rdfia.analyse.results import FINISHED, PERCENT, RunResult, accuracy
from rdfia.report.engine.context import Arrays, Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

MILLION = 1e6
RANKING = (
    Column("rank"),
    Column("run", code=True, runs=True),
    Column("embed", numeric=True),
    Column("patch", numeric=True),
    Column("blocks", numeric=True),
    Column("tokens", numeric=True),
    Column("weights", numeric=True),
    Column("FLOPs", "M", numeric=True),
    Column("test accuracy", "%", numeric=True),
    Column("may have rank", numeric=True),
)
PERMUTATION = (
    Column("run", code=True, runs=True),
    Column("positions"),
    Column("validation accuracy", "%", numeric=True),
    Column("on shuffled patches", "%", numeric=True),
    Column("difference", "points", signed=True, numeric=True),
)
SIZES = ("grid", "heads")  # groups whose runs differ in their sizes alone: only the chapter's first and best are shown


@table("{chapter}_ranking")
def ranking(context: Context) -> Iterator[Rows]:
    """List every run of the grid, the highest mean first, with the published figures beside it."""
    cells = grid(context.chapter)
    if len(cells) < LEAST:
        return
    ranked = ranks(cells)
    figures = [figures_for(rank.cell.run, context.printed) for rank in ranked]
    reports = sorted({figure.report for each in figures for figure in each})
    columns = [*RANKING, *(Column(report, "%", stacked=True) for report in reports)]
    rows = [_ranked(rank, each, reports) for rank, each in zip(ranked, figures, strict=True)]
    first = [rank.cell.run for rank in ranked if rank.rank == 1]
    facts = {
        "count": len(ranked),
        "level": PERCENT * shared(len(ranked) - 1),
        "width": mean([float(rank.width) for rank in ranked]),
        "first": [run.name for run in first],
        "cheapest": min((run for run in first if run.flops), key=lambda run: run.flops or 0, default=None),
        "judged": not reports or any(comparable_figures(context.study, r.cell.run, context.printed) for r in ranked),
    }
    yield Rows(columns, rows, facts).trimmed()


def _ranked(rank: Rank, figures: Sequence[Published], reports: Sequence[str]) -> tuple[Cell, ...]:
    """Return the sizes, the costs, the accuracy and the ranks of a run, and what each report prints for it."""
    cell, run = rank.cell, rank.cell.run
    printed = ("; ".join(figure.value for figure in figures if figure.report == report) for report in reports)
    flops = run.flops / MILLION if run.flops else None
    span = f"{rank.low}" if rank.low == rank.high else f"{rank.low} to {rank.high}"
    sizes = (cell.embed, cell.patch, cell.blocks, cell.tokens, run.parameters)
    return (f"{rank.rank}{'=' * rank.shared}", run.name, *sizes, flops, cell.accuracy, span, *printed)


@table("{chapter}_permutation")
def permutation(context: Context) -> Iterator[Rows]:
    """List the chapter's first and best run and those of its ablations, on images as they are and on shuffled ones."""
    chapter, probes = context.chapter, context.probes
    runs = [run for run in chapter.runs if run.status == FINISHED and _complete(run, probes)]
    if not runs:
        return
    chief = (chapter.runs[0].name, chapter.best.name if chapter.best else "")
    shown = [run for run in runs if run.name in chief or (run.group and run.group not in SIZES)] or runs
    losses = {run.name: loss(run, probes) for run in runs}
    rows = [
        (run.name, positions(run), run.validation_accuracy, accuracy(_shuffled(run, probes)), losses[run.name])
        for run in shown
    ]
    placed = [run for run in runs if positions(run) != "none"]
    unplaced = [run for run in runs if positions(run) == "none"]
    sizes = sorted({_patch(run) for run in placed})
    facts = {
        "runs": len(runs),
        "shown": len(shown),
        "classes": len(runs[0].classes or runs[0].card.classes),
        "sides": [(len(side), side is placed, *_ends(side, losses)) for side in (placed, unplaced) if side],
        "sizes": [(size, *_ends([run for run in placed if _patch(run) == size], losses)) for size in sizes],
        "unordered": bool(unplaced) and not any(map(_windowed, unplaced)),
    }
    yield Rows(PERMUTATION, rows, facts)


def _complete(run: RunResult, probes: Arrays) -> bool:
    """Return whether every seed has both accuracies."""
    return bool(run.validation) and len(probes.get(f"{run.name}/shuffled", ())) == len(run.validation)


def _shuffled(run: RunResult, probes: Arrays) -> list[float]:
    """Return the accuracy of each seed on shuffled patches, in percent."""
    return [PERCENT * float(value) for value in probes[f"{run.name}/shuffled"]]


def positions(run: RunResult) -> str:
    """Return the kind of the run's position embeddings."""
    return str(run.config.get("model", {}).get("positions", "learned"))


def loss(run: RunResult, probes: Arrays) -> Estimate:
    """Subtract the accuracy on the images as they are from that on shuffled patches, seed by seed."""
    pairs = zip(run.validation.values(), _shuffled(run, probes), strict=True)
    return interval([round(after - before, 4) for before, after in pairs])  # 32 bits leave a rest


def _patch(run: RunResult) -> int:
    return int(run.config.get("model", {}).get("patch_size", 0))


def _windowed(run: RunResult) -> bool:
    """Return whether attention stays in windows, which tell which patches are near without any positions."""
    return bool(run.config.get("model", {}).get("attention", {}).get("name") == "windowed")


def _ends(runs: Sequence[RunResult], losses: dict[str, Estimate]) -> tuple[float, float]:
    """Return the lowest and the highest mean loss; zero has no sign."""
    means = [losses[run.name].mean + 0.0 for run in runs]
    return min(means), max(means)
