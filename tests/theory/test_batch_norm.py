"""Channels with batch norm and without, and the recurrence of running averages."""

import pytest

from rdfia.data.store import Split
from rdfia.theory.batch_norm import BatchNorm


def test_batch_norm_renormalises_every_channel_and_nothing_else_does(circles: Split) -> None:
    facts = BatchNorm(images=16).answer(circles).facts
    assert facts["with"]["mean"] == pytest.approx([0, 0], abs=1e-5)
    assert facts["with"]["deviation"] == pytest.approx([1, 1], abs=1e-3)
    low, high = facts["without"]["mean"]
    assert low < -0.1 < 0.1 < high
    assert facts["without"]["deviation"][0] < 0.9


def test_running_averages_have_the_share_of_the_recurrence(circles: Split) -> None:
    running = BatchNorm(images=4, batches=(1, 3, 20)).answer(circles).facts["running"]
    assert [one["share"] for one in running] == pytest.approx([1 - 0.9**k for k in (1, 3, 20)], rel=1e-4)
