"""Operations by the shapes of what is called are those that PyTorch counts, and cost no import of its compiler."""

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from rdfia.train.flops import Flops

LEFT, RIGHT = torch.ones(2, 3, 4, 5), torch.ones(2, 3, 5, 6)
PRODUCTS = {
    "dense": lambda: F.linear(LEFT, torch.ones(7, 5), torch.ones(7)),
    "convolution": lambda: F.conv2d(torch.ones(2, 3, 9, 9), torch.ones(4, 3, 5, 5), stride=2, padding=1),
    "product": lambda: LEFT @ RIGHT,
    "named product": lambda: LEFT.matmul(RIGHT) + torch.matmul(LEFT, RIGHT),
    "turned": lambda: RIGHT.mT @ LEFT.mT,
    "fused attention": lambda: F.scaled_dot_product_attention(LEFT, torch.ones(2, 3, 6, 5), torch.ones(2, 3, 6, 5)),
    "no product": lambda: LEFT * 2 + 1,
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_function_costs_what_pytorch_counts(name: str) -> None:
    def compute() -> Tensor:
        return PRODUCTS[name]()

    with Flops() as counted:
        compute()
    with FlopCounterMode(display=False) as counter:
        compute()
    assert counted.total == counter.get_total_flops()
    assert (counted.total > 0) == (name != "no product")


def test_counting_does_not_import_pytorchs_compiler() -> None:
    code = (
        "import sys; from rdfia import config; from rdfia.study import runs\n"
        "from rdfia.train.classifier import forward_flops\n"
        "card = {'kind': 'images', 'shape': [1, 28, 28], 'classes': list('0123456789')}\n"
        "params = {**config.load(), 'profile': 'quick'}\n"
        "pairs = [('cnn', 'crop'), ('vit', 'small'), ('vit', 'linear')]\n"
        "assert all(forward_flops(runs.resolve(params, *pair), card) for pair in pairs)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
