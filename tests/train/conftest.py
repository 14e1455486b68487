"""A small learnable data set in memory: two classes of blobs, as images."""

from collections.abc import Iterator

import pytest
import torch
from torch import Generator, Tensor

from rdfia.data.normalise import fit_all
from rdfia.train import device
from rdfia.train.run import Data


def blobs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noise with a bright left half (class 0) or right half (class 1): uint8 (count, 1, 8, 8)."""
    generator = Generator().manual_seed(seed)
    y = torch.randint(2, (count,), generator=generator)
    x = torch.rand(count, 1, 8, 8, generator=generator)
    x[y == 0, :, :, :4] += 0.5
    x[y == 1, :, :, 4:] += 0.5
    return (x * 170).to(torch.uint8), y


@pytest.fixture(scope="session")
def data() -> Data:
    train, validation = blobs(120, 0), blobs(40, 1)
    card = {"name": "blobs", "kind": "images", "classes": ["left", "right"], "shape": [1, 8, 8], "sha256": "0"}
    return Data(card, fit_all(train[0]), train, validation)


@pytest.fixture
def in_fixed_order(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a GPU add in a fixed order, as a processor does by itself: without it two equal runs differ."""
    if device.device().type == "cpu":
        yield
        return
    monkeypatch.setenv("RDFIA_DETERMINISTIC", "1")
    device.settle()
    yield
    torch.use_deterministic_algorithms(False)
