"""What each schedule multiplies the learning rate by, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter

from rdfia.analyse.curves import Floats
from rdfia.analyse.results import RunResult
from rdfia.data.batches import per_epoch
from rdfia.train.schedule import Schedule

POINTS = 600  # of a line, at most
DECADES = 100.0  # a schedule whose factors lie further apart has a logarithmic scale
SCHEDULES: TypeAdapter[Schedule] = TypeAdapter(Schedule)


@dataclass(frozen=True)
class ScheduleLine:
    """A schedule over the epochs, as the first of the runs that declare it for so many epochs goes through it."""

    runs: tuple[str, ...]
    epochs: Floats
    factors: Floats
    average: float  # over all steps

    @property
    def title(self) -> str:
        """The first run, and how many more."""
        return self.runs[0] + (f" +{len(self.runs) - 1}" if len(self.runs) > 1 else "")

    @property
    def wide(self) -> bool:
        """Whether the factors need a logarithmic scale: some stand above 1, and others far below them."""
        return bool(self.factors.max() > 1.05 and self.factors.max() > DECADES * self.factors.min() > 0)


def schedule_lines(runs: Sequence[RunResult]) -> list[ScheduleLine]:
    """Return the schedules that are no constant, each once for all runs that share it and the number of epochs."""
    shared: dict[tuple[Schedule, int], list[RunResult]] = {}
    for run in runs:
        if "schedule" in run.config:
            schedule = SCHEDULES.validate_python(run.config["schedule"])
            if schedule.name != "constant" or schedule.warmup:
                shared.setdefault((schedule, run.config["epochs"]), []).append(run)
    return [_line(schedule, epochs, alike) for (schedule, epochs), alike in shared.items()]


def _line(schedule: Schedule, epochs: int, runs: Sequence[RunResult]) -> ScheduleLine:
    """Return the factor at steps evenly spread over the training, first and last among them."""
    count = per_epoch(runs[0].card.counts["train"], runs[0].config["batch_size"])
    every = np.asarray([schedule(step, count, epochs) for step in range(count * epochs)], dtype=np.float64)
    at = np.unique(np.linspace(0, len(every) - 1, POINTS).round().astype(int))
    return ScheduleLine(tuple(run.name for run in runs), at / count, every[at], float(every.mean()))
