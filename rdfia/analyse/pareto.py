"""What accuracy costs: runs by accuracy and by training time, FLOPs or weights, and their Pareto front."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rdfia.analyse.metrics import HURTS, Estimate, resolve, shared
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult
from rdfia.record.select import best

BACKWARD = 2  # a pass backwards costs so many passes forwards: a product for the inputs' gradient, one for the weights'

SECONDS, FLOPS, WEIGHTS = "training seconds a seed", "training FLOPs a seed", "weights"


@dataclass(frozen=True)
class Point:
    """A run with what it costs."""

    run: RunResult
    accuracy: Estimate
    cost: float


def timed_points(chapter: ChapterResult) -> list[Point]:
    """Return the runs all of whose seeds ended well, by training seconds; a range test is none."""
    whole = [run for run in chapter.runs if run.status == FINISHED and not run.searching]
    return [
        Point(run, accuracy, seconds)
        for run in whole
        if (accuracy := run.test_accuracy) is not None and (seconds := seconds_per_seed(run)) is not None
    ]


def seconds_per_seed(run: RunResult) -> float | None:
    """Return the training time without evaluation and start, divided by the number of seeds."""
    seconds = run.timing.get("training_seconds")
    return float(seconds) / run.declared if seconds and run.declared else None


def flops_per_seed(run: RunResult) -> int | None:
    """Return (1 + backward) · forward FLOPs of an example · examples · epochs; None where one of them is not known.

    Where training may stop early, it is not known after how many epochs a seed did.
    """
    epochs, examples = run.config.get("epochs"), run.config.get("sample") or run.card.counts.get("train")
    if not (run.flops and epochs and examples) or run.config.get("patience"):
        return None
    return (1 + BACKWARD) * run.flops * int(examples) * int(epochs)


def by_price(timed: list[Point]) -> dict[str, list[Point]]:
    """Return the runs by what they cost: seconds, and FLOPs and weights where they differ in their number."""
    costs: Mapping[str, Callable[[RunResult], int | None]] = {
        FLOPS: flops_per_seed,
        WEIGHTS: lambda run: run.parameters,
    }
    parts = {SECONDS: timed}
    for label, cost in costs.items():
        points = [Point(point.run, point.accuracy, float(count)) for point in timed if (count := cost(point.run))]
        if len(points) > 2 and len({point.cost for point in points}) > 1:
            parts[label] = points
    return parts


def machine_kinds(runs: Sequence[RunResult]) -> int:
    """Return the number of kinds of machine and precision that the runs were timed on."""
    machines = [run.timing.get("machine", {}) for run in runs]
    return len({tuple(machine.get(key) for key in ("processor", "device", "precision")) for machine in machines})


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return, from the cheapest on, every point that is more accurate than all that cost no more."""
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.accuracy.mean)):
        if not front or point.accuracy.mean > front[-1].accuracy.mean:
            front.append(point)
    return front


def best_point(points: Sequence[Point]) -> Point:
    """Return the point with the highest validation accuracy, as the chapter chooses its best run."""
    chosen = best(point.run for point in points)
    return next((point for point in points if point.run is chosen), pareto_front(points)[-1])


def cheapest_unresolved(points: Sequence[Point]) -> Point:
    """Return the cheapest point whose accuracy is not resolved to be below the best's, all points looked at at once."""
    goal, level = best_point(points).run, shared(len(points) - 1)
    near = [point for point in points if resolve(point.run.beyond(goal, level)) != HURTS]
    return min(near, key=lambda point: point.cost)
