"""The learning-rate range test: the loss while the rate rises step by step, and the rates that the runs really use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import mean
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult
from rdfia.report.curves import Floats
from rdfia.report.engine.drawing import BLUE, GREEN, INK, ORANGE, Drawing, finish, listed, panels
from rdfia.report.heatmap import BATCH, RATE, grid
from rdfia.train.schedule import suggest

SHARE = 0.05  # of the steps that a running mean takes in
POINTS = 250  # of a line, at most


@dataclass(frozen=True)
class Trace:
    """A range test: the rate and the loss of every step of every seed, no numbers after a seed diverged."""

    run: RunResult
    rates: Floats  # (seeds, steps)
    losses: Floats

    @property
    def suggested(self) -> list[float]:
        """The rate that each seed suggests; a seed whose loss falls no more than its noise suggests none."""
        found = (
            suggest(_filled(rates), losses.tolist()) for rates, losses in zip(self.rates, self.losses, strict=True)
        )
        return [rate for rate in found if rate is not None]

    @property
    def window(self) -> int:
        """The steps of the running mean, an odd number."""
        return 2 * int(SHARE * self.rates.shape[1] / 2) + 1


def draw(chapter: ChapterResult, probes: Mapping[str, npt.NDArray[Any]]) -> list[Drawing]:
    """One panel for each range test of the chapter."""
    found = traces(chapter, probes)
    if not found:
        return []
    figure, axes = panels(len(found), min(2, len(found)), 3.4)
    for axis, trace in zip(axes, found, strict=True):
        _panel(axis, trace, used(chapter, trace.run))
        axis.set_title(trace.run.name)
    axes[0].set_ylabel("train loss of a step")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    caption = " ".join([_what(found), *(_told(trace, used(chapter, trace.run)) for trace in found)])
    names = listed([trace.run.name for trace in found])
    alt = f"Train loss against a rising learning rate on a logarithmic axis, one line for each seed, in {names}."
    return [finish(figure, f"{chapter.name}_range_test", caption, alt)]


def traces(chapter: ChapterResult, probes: Mapping[str, npt.NDArray[Any]]) -> list[Trace]:
    """The range tests whose steps were kept."""
    kept = [(run, probes.get(f"{run.name}/trace")) for run in chapter.runs if run.searching]
    both = [(run, np.asarray(trace, dtype=np.float64)) for run, trace in kept if trace is not None]
    return [Trace(run, trace[:, 0], trace[:, 1]) for run, trace in both]


def _filled(rates: Floats) -> list[float]:
    """The rates with those after the end carried on as they rose, which nothing reads but the number of steps."""
    known = int(np.isfinite(rates).sum())
    growth = float(rates[known - 1] / rates[known - 2]) if known > 1 else 2.0
    more = rates[known - 1] * growth ** np.arange(1, len(rates) - known + 1)
    return [*rates[:known].tolist(), *more.tolist()]


def used(chapter: ChapterResult, test: RunResult) -> dict[str, float]:
    """The rates of the test's optimiser in the chapter: of its first run, and of the best in a grid for that batch."""
    named = _optimiser(test).get("name")
    runs = [run for run in chapter.runs if not run.searching and _optimiser(run).get("name") == named]
    best = max(_cells(chapter, test, runs), key=lambda run: mean(list(run.validation.values())), default=None)
    chosen = {run.name: run for run in runs[:1] if run is not best}
    chosen |= {f"{best.name}, best of the grid": best} if best else {}
    rates = {label: _optimiser(run).get("learning_rate") for label, run in chosen.items()}
    return {label: float(rate) for label, rate in rates.items() if rate}


def _optimiser(run: RunResult) -> Mapping[str, Any]:
    found: Mapping[str, Any] = run.config.get("optimiser") or {}
    return found


def _cells(chapter: ChapterResult, test: RunResult, runs: Sequence[RunResult]) -> list[RunResult]:
    """The runs of grids over the rate that are as the test in their batch size, all if there is none."""
    over = [grid(group) for group in groups(chapter)]
    cells = [run for each in over if each and RATE in f"{each.across} {each.down}" for run in each.runs.values()]
    whole = [run for run in cells if run in runs and run.status == FINISHED and run.validation]
    return [run for run in whole if run.config.get(BATCH) == test.config.get(BATCH)] or whole


def smoothed(rates: Floats, losses: Floats, width: int) -> tuple[Floats, Floats]:
    """Running means over `width` steps up to where the loss is no number: of the loss, and of log rate."""
    known = int(np.argmin(np.append(np.isfinite(losses), False)))
    if known < width:
        return np.empty(0), np.empty(0)
    weights = np.full(width, 1 / width)
    at, height = (np.convolve(part[:known], weights, "valid") for part in (np.log(rates), losses))
    kept = np.unique(np.linspace(0, len(at) - 1, min(POINTS, len(at))).round().astype(int))
    return np.exp(at[kept]), height[kept]


def _panel(axis: Axes, trace: Trace, rates: Mapping[str, float]) -> None:
    """A thin line for each seed; the suggested rate with its range."""
    lines = [smoothed(*pair, trace.window) for pair in zip(trace.rates, trace.losses, strict=True)]
    for place, (at, loss) in enumerate(lines):
        axis.plot(at, loss, color=BLUE, linewidth=0.9, alpha=0.8, label="one seed, smoothed" if place == 0 else None)
    axis.set(xscale="log", xlabel="learning rate")
    starts, least = [loss[0] for _, loss in lines if len(loss)], [loss.min() for _, loss in lines if len(loss)]
    if starts:
        room = max(max(starts) - min(least), 0.05)
        axis.set_ylim(min(least) - 0.25 * room, max(starts) + 0.5 * room)  # what diverges leaves the drawing
    found = trace.suggested
    if found:
        axis.axvspan(min(found), max(found), color=ORANGE, alpha=0.18, linewidth=0)
        axis.axvline(_middle(found), color=ORANGE, linewidth=1.6, label="suggested, and its range over seeds")
    _ticks(axis, rates)


def _ticks(axis: Axes, rates: Mapping[str, float]) -> None:
    """What the runs use, as ticks at the foot with their names to the left, where no rate has lowered the loss yet."""
    look: Any = {"linewidth": 2.6, "transform": axis.get_xaxis_transform(), "solid_capstyle": "butt"}
    marks = [
        axis.plot([rate, rate], [0, 0.14 - 0.05 * place], color=colour, zorder=3 + place, **look)[0]
        for place, (rate, colour) in enumerate(zip(rates.values(), (GREEN, INK), strict=False))
    ]
    if marks:
        names = [f"{label}: {rate:g}" for label, rate in rates.items()]
        axis.legend(marks, names, loc="lower left", title="ticks: the runs train with", alignment="left", fontsize=8.5)


def _middle(rates: Sequence[float]) -> float:
    """The geometric mean: rates that matter lie decades apart."""
    return float(np.exp(np.mean(np.log(rates))))


def _what(found: Sequence[Trace]) -> str:
    """How the test is made and read."""
    windows = listed(sorted({str(trace.window) for trace in found}))
    return (
        "In a range test the learning rate rises from step to step, and every rate is tried once. The lines are the "
        f"train loss of each seed, smoothed over {windows} steps. Look at where it falls most steeply: there a step "
        "pays most, and that rate is suggested; at the lowest point itself the rate is about to be too large."
    )


def _told(trace: Trace, rates: Mapping[str, float]) -> str:
    """What the seeds suggest, and how far from it the runs train."""
    found, seeds = trace.suggested, len(trace.rates)
    if not found:
        return f"In {trace.run.name} none of {seeds} seeds suggests a rate: the loss falls no more than its noise."
    middle = _middle(found)
    head = (
        f"In {trace.run.name} {len(found)} of {seeds} seeds suggest a rate, {middle:.2g} in their geometric mean, from "
        f"{min(found):.2g} to {max(found):.2g}."
    )
    apart = [f"{label} uses {rate:g}, {rate / middle:.2g} times as much" for label, rate in rates.items()]
    return f"{head} Of the runs, {listed(apart)}." if apart else head
