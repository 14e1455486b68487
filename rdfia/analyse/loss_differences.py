"""How far the recorded losses of two runs lie apart."""

from rdfia.analyse.results import RunResult


def frozen_losses(run: RunResult) -> dict[tuple[int, int], float]:
    """Return the train loss under frozen weights by seed and epoch."""
    recorded = [(row["seed"], row["epoch"], row.get("frozen_loss")) for row in run.history]
    return {
        (int(seed), int(epoch)): loss
        for seed, epoch, loss in recorded
        if seed is not None and epoch is not None and loss is not None
    }


def largest_difference(first: RunResult, second: RunResult) -> float | None:
    """Return max |L - L'| over the seeds and epochs that both runs recorded, None where there are none."""
    losses, others = frozen_losses(first), frozen_losses(second)
    return max((abs(losses[key] - others[key]) for key in losses.keys() & others.keys()), default=None)
