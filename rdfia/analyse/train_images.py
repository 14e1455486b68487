"""How the test error goes with the number of train images, where runs differ in nothing else."""

from math import log

from rdfia.analyse.groups import Group
from rdfia.analyse.metrics import FEWEST, Estimate, trend
from rdfia.analyse.results import FINISHED, PERCENT, RunResult

SAMPLE = "sample"


def train_images(run: RunResult) -> int | None:
    """Return how many examples a run is trained on: its sample, or the whole train set."""
    return run.config.get(SAMPLE) or run.card.counts.get("train")


def error_power(group: Group) -> Estimate | None:
    """Return b of test error = a · images^b: the slope of the mean log error on log images, by least squares (`trend`).

    None where the group's own runs change more than their sample in one reference, where no three sizes are known, or
    where a seed makes no error, which has no logarithm.
    """
    own = [run for run in group.runs if run.group == group.name]
    if len({run.reference for run in own}) != 1 or any(run.delta != (SAMPLE,) for run in own):
        return None
    sizes = {run.name: train_images(run) for run in group.runs if run.status == FINISHED and run.test}
    known = [(size, run.test.values()) for run in group.runs if (size := sizes.get(run.name))]
    if len({size for size, _ in known}) < FEWEST or any(max(values) >= PERCENT for _, values in known):
        return None
    return trend([("", log(size), [log(PERCENT - value) for value in values]) for size, values in known])
