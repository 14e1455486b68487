"""How an accelerator multiplies float32: as IEEE 754 has it, or faster with factors rounded to 10 bits (TF32)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

PARTS = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]


@contextmanager
def products(rounding: Literal["ieee", "tf32"]) -> Iterator[None]:
    """Have convolutions and matrix products of float32 rounded so; PyTorch's default is TF32 in convolutions alone."""
    before = [part.fp32_precision for part in PARTS]
    try:
        for part in PARTS:
            part.fp32_precision = rounding
        yield
    finally:
        for part, kept in zip(PARTS, before, strict=True):
            part.fp32_precision = kept


@contextmanager
def exact(where: torch.device) -> Iterator[None]:
    """Compute in full precision there, whatever is around."""
    with torch.autocast(where.type, enabled=False), products("ieee"):
        yield
