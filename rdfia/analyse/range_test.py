"""Learning-rate range tests: the rates that their seeds suggest, and those that the runs train with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rdfia.analyse.changes import at
from rdfia.analyse.curves import Floats
from rdfia.analyse.grid import BATCH, RATE, grid
from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import mean
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult
from rdfia.train.schedule import suggest

SHARE = 0.05  # of the steps that a running mean takes in
POINTS = 250  # of a line, at most


@dataclass(frozen=True)
class RangeTest:
    """The rate and the loss of every step of every seed, no numbers after a seed diverged."""

    run: RunResult
    rates: Floats  # (seeds, steps)
    losses: Floats

    @property
    def suggested(self) -> list[float]:
        """The rate that each seed suggests; a seed whose loss falls no more than its noise suggests none."""
        pairs = zip(self.rates, self.losses, strict=True)
        rates = (suggest(_continued(rates), losses.tolist()) for rates, losses in pairs)
        return [rate for rate in rates if rate is not None]

    @property
    def window(self) -> int:
        """The steps of the running mean, an odd number."""
        return 2 * int(SHARE * self.rates.shape[1] / 2) + 1

    @property
    def lines(self) -> list[tuple[Floats, Floats]]:
        """The rates and the smoothed losses of each seed."""
        return [smoothed(*pair, self.window) for pair in zip(self.rates, self.losses, strict=True)]


def range_tests(chapter: ChapterResult, probes: Mapping[str, npt.NDArray[Any]]) -> list[RangeTest]:
    """Return the chapter's range tests whose steps were recorded."""
    recorded = [(run, probes.get(f"{run.name}/trace")) for run in chapter.runs if run.searching]
    both = [(run, np.asarray(trace, dtype=np.float64)) for run, trace in recorded if trace is not None]
    return [RangeTest(run, trace[:, 0], trace[:, 1]) for run, trace in both]


def _continued(rates: Floats) -> list[float]:
    """Return the rates with those after a seed's end as they would have risen: only their number matters."""
    known = int(np.isfinite(rates).sum())
    growth = float(rates[known - 1] / rates[known - 2]) if known > 1 else 2.0
    more = rates[known - 1] * growth ** np.arange(1, len(rates) - known + 1)
    return [*rates[:known].tolist(), *more.tolist()]


def smoothed(rates: Floats, losses: Floats, width: int) -> tuple[Floats, Floats]:
    """Return running means over `width` steps up to where the loss is no number: exp of that of log rate, and loss."""
    known = int(np.argmin(np.append(np.isfinite(losses), False)))
    if known < width:
        return np.empty(0), np.empty(0)
    weights = np.full(width, 1 / width)
    centres, height = (np.convolve(part[:known], weights, "valid") for part in (np.log(rates), losses))
    kept = np.unique(np.linspace(0, len(centres) - 1, min(POINTS, len(centres))).round().astype(int))
    return np.exp(centres[kept]), height[kept]


def geometric_mean(rates: Sequence[float]) -> float:
    """Return exp of the mean logarithm: rates that matter lie decades apart."""
    return float(np.exp(np.mean(np.log(rates))))


def rates_in_use(chapter: ChapterResult, test: RunResult) -> dict[str, float]:
    """Return the rates that the chapter's first run and the best of a grid for that batch use, with that optimiser."""
    named = at(test.config, "optimiser.name")
    runs = [run for run in chapter.runs if not run.searching and at(run.config, "optimiser.name") == named]
    best = max(_cells(chapter, test, runs), key=lambda run: mean(list(run.validation.values())), default=None)
    chosen = {run.name: run for run in runs[:1] if run is not best}
    chosen |= {f"{best.name}, best of the grid": best} if best else {}
    rates = {label: at(run.config, "optimiser.learning_rate") for label, run in chosen.items()}
    return {label: float(rate) for label, rate in rates.items() if rate}


def _cells(chapter: ChapterResult, test: RunResult, runs: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs of grids over the rate that are as the test in their batch size, all if there is none."""
    grids = [grid(group) for group in groups(chapter)]
    cells = [run for each in grids if each and RATE in f"{each.across} {each.down}" for run in each.runs.values()]
    whole = [run for run in cells if run in runs and run.status == FINISHED and run.validation]
    return [run for run in whole if run.config.get(BATCH) == test.config.get(BATCH)] or whole
