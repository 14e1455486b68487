"""A few points in two rings, as the questions are asked on."""

import pytest
import torch

from rdfia.data.circles import Circles
from rdfia.data.store import Split


@pytest.fixture(scope="session")
def circles() -> Split:
    return Circles().sample(80, torch.Generator().manual_seed(0))
