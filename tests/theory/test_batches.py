"""Counted epochs beside PyTorch's sampler."""

import pytest
from torch.utils.data import BatchSampler

from rdfia.data.store import Split
from rdfia.theory.batches import Batches


@pytest.mark.parametrize("size", [1, 7, 64, 100, 1000])
def test_an_epoch_has_the_batches_of_pytorchs_sampler(size: int) -> None:
    expected = [len(batch) for batch in BatchSampler(range(997), size, drop_last=False)]
    found = Batches(examples=997).epoch(size)
    assert (found["steps"], found["at_once"], found["last"]) == (len(expected), expected[0], expected[-1])


def test_the_digits_make_469_batches_and_crops_and_flips_no_more_images(circles: Split) -> None:
    facts = Batches().answer(circles).facts
    assert (facts["printed"]["steps"], facts["printed"]["last"]) == (469, 96)
    assert facts["altered"]["in"] == facts["altered"]["out"]
    steps = [one["steps"] for one in facts["epochs"]]
    assert steps == sorted(steps, reverse=True)
