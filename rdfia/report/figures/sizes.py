"""A grid over embed, patch and blocks: accuracy against each, against tokens and against operations."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, NullFormatter

from rdfia.analyse.published import comparable_figures
from rdfia.analyse.ranks import LEAST, Setting, grid
from rdfia.analyse.sizes import SETTINGS, by_tokens, change
from rdfia.report.engine.axes import above, error_bar, interval_cells, legend, published_mark
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PINK, panels
from rdfia.report.engine.registry import Numbers, Plot, figure

COLOURS = (BLUE, ORANGE, GREEN, PINK, INK)
MARKS = ("o", "s", "^", "D", "v")
STEP = 1.03  # neighbours of one size are moved apart by this factor, so that their intervals do not hide each other


@figure("{chapter}_grid3")
def grid3(context: Context) -> Iterator[Plot]:
    """Plot a panel for each number of blocks, a line for each patch size, embed from left to right."""
    cells = grid(context.chapter)
    if len(cells) < LEAST:
        return
    blocks, patches = sorted({cell.blocks for cell in cells}), sorted({cell.patch for cell in cells})
    plot, axes = panels(len(blocks), len(blocks), 3.3, sharey=True)
    printed = {c.run.name: [f.number for f in comparable_figures(context.study, c.run, context.printed)] for c in cells}
    for axis, count in zip(axes, blocks, strict=True):
        for place, patch in enumerate(patches):
            line = [cell for cell in cells if (cell.blocks, cell.patch) == (count, patch)]
            _line(axis, line, place - (len(patches) - 1) / 2, COLOURS[place % len(COLOURS)])
            marks = [(cell.embed, value) for cell in line for value in printed[cell.run.name]]
            if marks:
                look: Any = {"color": COLOURS[place % len(COLOURS)], "markerfacecolor": "none"}
                axis.plot(*zip(*marks, strict=True), "D", markersize=7, zorder=5, **look)
        axis.set_title(f"{count} blocks" if count > 1 else "1 block")
        _doubling(axis, sorted({cell.embed for cell in cells}), "embed")
    axes[0].set_ylabel("test accuracy (%)")
    published = any(printed.values())
    colours = {f"patch {patch}": COLOURS[place % len(COLOURS)] for place, patch in enumerate(patches)}
    legend(axes[0], colours, *([published_mark(MUTED, 6)] if published else []))
    changes = [found for name in SETTINGS if (found := change(cells, name)) is not None]
    facts = {"count": len(cells), "blocks": [str(b) for b in blocks], "published": published, "changes": changes}
    yield Plot(plot, facts, _numbers(cells))


def _numbers(cells: Sequence[Setting]) -> Numbers:
    columns = ("run", "embed", "patch", "blocks", "tokens", "FLOPs", "test accuracy (%)", "low", "high")
    sizes = [
        (c.run.name, c.embed, c.patch, c.blocks, c.tokens, c.run.flops, *interval_cells(c.accuracy)) for c in cells
    ]
    return Numbers(columns, sizes)


def _line(axis: Axes, line: Sequence[Setting], aside: float, colour: str) -> None:
    """Plot means with their intervals against embed."""
    at = [cell.embed * STEP**aside for cell in line]
    axis.plot(at, [cell.accuracy.mean for cell in line], "o-", color=colour, markersize=5)
    for x, cell in zip(at, line, strict=True):
        error_bar(axis, x, cell.accuracy, color=colour, linewidth=1.6, alpha=0.6)


def _doubling(axis: Axes, values: Sequence[int], label: str) -> None:
    """Make the axis logarithmic, with the values themselves as its ticks."""
    axis.set_xscale("log", base=2)
    axis.set_xticks(values, [f"{value:,}" for value in values])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel(label)
    axis.margins(x=0.12)


@figure("{chapter}_tokens")
def tokens(context: Context) -> Iterator[Plot]:
    """Plot accuracy against the number of tokens and against operations: what many small patches buy."""
    cells = grid(context.chapter)
    if len(cells) < LEAST or len({cell.tokens for cell in cells}) < 2:
        return
    plot, axes = panels(1 + any(cell.run.flops for cell in cells), 2, 3.4, sharey=True)
    embeds = sorted({cell.embed for cell in cells})
    blocks = sorted({cell.blocks for cell in cells})
    for cell in cells:
        colour, mark = COLOURS[embeds.index(cell.embed) % 5], MARKS[blocks.index(cell.blocks) % 5]
        aside = embeds.index(cell.embed) * len(blocks) + blocks.index(cell.blocks)
        aside -= (len(embeds) * len(blocks) - 1) // 2
        places = [cell.tokens * STEP**aside, *([cell.run.flops] if cell.run.flops else [])]
        for axis, x in zip(axes, places, strict=False):
            axis.plot([x], [cell.accuracy.mean], mark, color=colour, markersize=5)
            error_bar(axis, x, cell.accuracy, color=colour, linewidth=1.6, alpha=0.6)
    _doubling(axes[0], sorted({cell.tokens for cell in cells}), "tokens")
    for axis in axes[1:]:
        axis.set(xscale="log", xlabel="FLOPs of an image, forwards")
        axis.xaxis.set_major_formatter(EngFormatter(sep=" "))
        axis.xaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylabel("test accuracy (%)")
    _legend(axes[0], embeds, blocks)
    yield Plot(plot, {"count": len(cells), "lines": by_tokens(cells)}, _numbers(cells))


def _legend(axis: Axes, embeds: Sequence[int], blocks: Sequence[int]) -> None:
    """Draw a legend of colours by embed and marks by blocks."""
    entries = [Line2D([], [], color=c, linewidth=4, label=f"embed {e}") for e, c in zip(embeds, COLOURS, strict=False)]
    marks = zip(blocks, MARKS, strict=False)
    entries += [Line2D([], [], color=MUTED, marker=m, linestyle="none", label=f"{b} blocks") for b, m in marks]
    above(axis.figure, entries, [str(entry.get_label()) for entry in entries])
