"""Drawings of a grid over embed, patch and blocks: accuracy against each, against tokens and against operations."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, NullFormatter

from rdfia.analyse.metrics import mean
from rdfia.analyse.published import Published, comparable_figures
from rdfia.analyse.results import ChapterResult, Study
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PINK, Drawing, finish, listed, panels
from rdfia.report.ranking import LEAST, Setting, grid

COLOURS = (BLUE, ORANGE, GREEN, PINK, INK)
SETTINGS = ("embed", "patch", "blocks")
MARKS = ("o", "s", "^", "D", "v")
STEP = 1.03  # neighbours of one size are moved apart by this factor, so that their intervals do not hide each other


def by_blocks(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """A panel for each number of blocks, a line for each patch size, embed from left to right."""
    cells = grid(chapter)
    if len(cells) < LEAST:
        return []
    blocks, patches = sorted({cell.blocks for cell in cells}), sorted({cell.patch for cell in cells})
    figure, axes = panels(len(blocks), len(blocks), 3.3, sharey=True)
    for axis, count in zip(axes, blocks, strict=True):
        for place, patch in enumerate(patches):
            line = [cell for cell in cells if (cell.blocks, cell.patch) == (count, patch)]
            _line(axis, line, place - (len(patches) - 1) / 2, COLOURS[place % len(COLOURS)])
            _marks(axis, study, line, figures, COLOURS[place % len(COLOURS)])
        axis.set_title(f"{count} blocks" if count > 1 else "1 block")
        _doubling(axis, sorted({cell.embed for cell in cells}), "embed")
    axes[0].set_ylabel("test accuracy (%)")
    shown = [cell for cell in cells if comparable_figures(study, cell.run, figures)]
    names = {f"patch {patch}": COLOURS[place % len(COLOURS)] for place, patch in enumerate(patches)}
    entries = [Line2D([], [], color=colour, marker="o", markersize=5, label=name) for name, colour in names.items()]
    entries += [_hollow(MUTED)] if shown else []
    figure.legend(handles=entries, loc="outside upper left", ncols=len(entries))
    alt = f"Line charts of test accuracy against embed for {listed([str(b) for b in blocks])} blocks, by patch size."
    return [finish(figure, f"{chapter.name}_grid3", _caption(cells, bool(shown)), alt)]


def _hollow(colour: str) -> Line2D:
    return Line2D([], [], color=colour, marker="D", markerfacecolor="none", linestyle="none", label="published")


def _line(axis: Axes, line: Sequence[Setting], aside: float, colour: str) -> None:
    """Means with their intervals against embed."""
    at = [cell.embed * STEP**aside for cell in line]
    axis.plot(at, [cell.accuracy.mean for cell in line], "o-", color=colour, markersize=5)
    for x, cell in zip(at, line, strict=True):
        _interval(axis, x, cell, colour)


def _interval(axis: Axes, x: float, cell: Setting, colour: str) -> None:
    low, high = cell.accuracy.low, cell.accuracy.high
    if low is not None and high is not None:
        axis.plot([x, x], [low, high], color=colour, linewidth=1.6, alpha=0.6)


def _marks(axis: Axes, study: Study, line: Sequence[Setting], figures: Sequence[Published], colour: str) -> None:
    """The published figures that may stand beside ours."""
    points = [(cell.embed, figure.number) for cell in line for figure in comparable_figures(study, cell.run, figures)]
    if points:
        x, y = zip(*points, strict=True)
        axis.plot(x, y, "D", color=colour, markerfacecolor="none", markersize=7, zorder=5)


def _doubling(axis: Axes, values: Sequence[int], label: str) -> None:
    """A logarithmic axis whose ticks are the values themselves."""
    axis.set_xscale("log", base=2)
    axis.set_xticks(values, [f"{value:,}" for value in values])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel(label)
    axis.margins(x=0.12)


def _caption(cells: Sequence[Setting], shown: bool) -> str:
    """What each setting changes in the mean over the others."""
    told = [part for name in SETTINGS if (part := _change(cells, name))]
    marks = " Hollow diamonds are published figures, one run each." if shown else ""
    means = f" In the mean over the other two settings, where both ends are there, the accuracy goes {listed(told)}."
    return (
        f"Test accuracy of {len(cells)} runs: a panel for each number of blocks, a line for each patch size, with "
        f"intervals over the seeds. Look at which steps are longer than the intervals.{marks}{means if told else ''}"
    )


def _change(cells: Sequence[Setting], name: str) -> str:
    """From where to where the mean goes as one setting goes from its smallest to its largest; empty if it has one."""
    values = sorted({getattr(cell, name) for cell in cells})
    ends = [values[0], values[-1]]
    pairs = matched([cell for cell in cells if getattr(cell, name) in ends], name)
    if len(values) < 2 or not pairs:
        return ""
    low, high = (mean([cell.accuracy.mean for cell in pairs if getattr(cell, name) == end]) for end in ends)
    return f"from {low:.1f} to {high:.1f} % with {name} {ends[0]} to {ends[1]}"


def matched(cells: Sequence[Setting], name: str) -> list[Setting]:
    """The cells whose other settings are there with every value of this one: a grid with holes compares no others."""
    values: dict[tuple[int, ...], set[int]] = {}
    for cell in cells:
        values.setdefault(_others(cell, name), set()).add(getattr(cell, name))
    whole = set[int]().union(*values.values())
    return [cell for cell in cells if values[_others(cell, name)] == whole]


def _others(cell: Setting, name: str) -> tuple[int, ...]:
    return tuple(getattr(cell, other) for other in SETTINGS if other != name)


def tokens(chapter: ChapterResult) -> list[Drawing]:
    """Accuracy against the number of tokens and against operations: what many small patches buy."""
    cells = grid(chapter)
    counted = [cell for cell in cells if cell.run.flops]
    if len(cells) < LEAST or len({cell.tokens for cell in cells}) < 2:
        return []
    figure, axes = panels(1 + bool(counted), 2, 3.4, sharey=True)
    embeds = sorted({cell.embed for cell in cells})
    blocks = sorted({cell.blocks for cell in cells})
    for cell in cells:
        colour, mark = COLOURS[embeds.index(cell.embed) % 5], MARKS[blocks.index(cell.blocks) % 5]
        aside = embeds.index(cell.embed) * len(blocks) + blocks.index(cell.blocks)
        aside -= (len(embeds) * len(blocks) - 1) // 2
        places = [cell.tokens * STEP**aside, *([cell.run.flops] if cell.run.flops else [])]
        for axis, x in zip(axes, places, strict=False):
            axis.plot([x], [cell.accuracy.mean], mark, color=colour, markersize=5)
            _interval(axis, x, cell, colour)
    _doubling(axes[0], sorted({cell.tokens for cell in cells}), "tokens")
    for axis in axes[1:]:
        axis.set(xscale="log", xlabel="FLOPs of an image, forwards")
        axis.xaxis.set_major_formatter(EngFormatter(sep=" "))
        axis.xaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylabel("test accuracy (%)")
    _legend(axes[0], embeds, blocks)
    alt = f"Scatter plots of the test accuracy of {len(cells)} runs against tokens and against FLOPs."
    return [finish(figure, f"{chapter.name}_tokens", _bought(cells), alt)]


def _legend(axis: Axes, embeds: Sequence[int], blocks: Sequence[int]) -> None:
    """Colours by embed, marks by blocks."""
    entries = [Line2D([], [], color=c, linewidth=4, label=f"embed {e}") for e, c in zip(embeds, COLOURS, strict=False)]
    marks = zip(blocks, MARKS, strict=False)
    entries += [Line2D([], [], color=MUTED, marker=m, linestyle="none", label=f"{b} blocks") for b, m in marks]
    axis.figure.legend(handles=entries, loc="outside upper left", ncols=len(entries))


def _bought(cells: Sequence[Setting]) -> str:
    """The mean accuracy and the mean cost by number of tokens, over the settings that are there with each."""
    said, alike = [], matched(cells, "patch") or cells
    for count in sorted({cell.tokens for cell in cells}):
        here = [cell for cell in alike if cell.tokens == count]
        flops = [float(cell.run.flops) for cell in here if cell.run.flops]
        cost = f" for {mean(flops) / 1e6:.2f} million FLOPs an image" if flops else ""
        said.append(f"{mean([cell.accuracy.mean for cell in here]):.1f} % with {count} tokens{cost}")
    return (
        f"Test accuracy of {len(cells)} runs against the number of tokens, those of equal number moved apart, and "
        "against the operations of an image. Smaller patches make more tokens, which cost more. Look at whether they "
        f"buy accuracy: in the mean over the settings that all of them have, {listed(said)}."
    )
