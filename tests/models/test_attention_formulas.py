"""The equations of the transformer against PyTorch's own functions, and that the report can print each."""

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.models import attention_formulas as formulas
from rdfia.models import formulas as formulas_of_the_mlp
from rdfia.models.transformer import PatchEmbedding
from rdfia.report.engine.equations import equation
from rdfia.theory.gradients import code

EQUATIONS: dict[str, Any] = {name: f for name, f in vars(formulas).items() if hasattr(f, "latex")}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed))


@pytest.mark.parametrize("name", EQUATIONS)
def test_every_equation_can_be_set_beside_its_code(name: str) -> None:
    svg = equation(EQUATIONS[name].latex).svg.decode()
    assert len(re.findall("<use|<path", svg)) > 3
    assert "<text" not in svg
    assert len(code(EQUATIONS[name])) >= len("z + p")


def test_no_name_stands_for_two_equations() -> None:
    assert len(EQUATIONS) > 20
    assert not {name for name in EQUATIONS if hasattr(getattr(formulas_of_the_mlp, name, None), "latex")}


def test_patches_are_those_of_unfold() -> None:
    images = normal(2, 3, 8, 12)
    torch.testing.assert_close(formulas.patches(images, 4), F.unfold(images, 4, stride=4).mT)


def test_the_patch_embedding_is_a_convolution_whose_stride_is_its_kernel() -> None:
    module, images = PatchEmbedding(3, 4, 16), normal(2, 3, 8, 12)
    kernel, bias = module.projection.weight, module.projection.bias
    assert bias is not None
    own = formulas.patch_embedding(images, kernel.flatten(1), bias, 4)
    torch.testing.assert_close(own, module(images), atol=1e-5, rtol=1e-5)


def test_the_class_token_stands_before_the_patches_and_every_token_gets_its_position() -> None:
    z, c, p = normal(2, 4, 6), normal(1, 1, 6, seed=1), normal(1, 5, 6, seed=2)
    tokens = formulas.with_positions(formulas.with_class_token(z, c), p)
    torch.testing.assert_close(tokens[1, 0], c[0, 0] + p[0, 0])
    torch.testing.assert_close(tokens[1, 3], z[1, 2] + p[0, 3])


def test_sinusoids_are_the_papers_number_by_number() -> None:
    positions = formulas.sinusoids(20, 8).double()
    for t in (0, 1, 7, 19):
        for i in range(4):
            angle = torch.tensor(t / 10_000 ** (2 * i / 8), dtype=torch.float64)
            assert positions[t, 2 * i].item() == pytest.approx(angle.sin().item(), abs=1e-5)
            assert positions[t, 2 * i + 1].item() == pytest.approx(angle.cos().item(), abs=1e-5)


def test_the_product_of_two_sinusoids_depends_on_their_distance_alone() -> None:
    positions = formulas.sinusoids(20, 8)
    products = positions @ positions.T
    for distance in range(5):
        along = products.diagonal(distance)
        torch.testing.assert_close(along, along[0].expand_as(along), atol=1e-4, rtol=0)


def test_multi_head_attention_is_pytorchs() -> None:
    reference = nn.MultiheadAttention(32, 4, batch_first=True)
    nn.init.normal_(reference.in_proj_bias, generator=Generator().manual_seed(0))
    x, out = normal(3, 9, 32), reference.out_proj
    own = formulas.multi_head(x, reference.in_proj_weight, reference.in_proj_bias, out.weight, out.bias, 4)
    torch.testing.assert_close(own, reference(x, x, x)[0], atol=1e-5, rtol=1e-5)


def test_layer_norm_gelu_and_mlp_are_pytorchs() -> None:
    x, gamma, beta = 3 * normal(2, 5, 8) + 1, normal(8, seed=1), normal(8, seed=2)
    torch.testing.assert_close(formulas.layer_norm(x, gamma, beta), F.layer_norm(x, (8,), gamma, beta))
    torch.testing.assert_close(formulas.gelu(x), F.gelu(x))
    reference = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))
    torch.testing.assert_close(formulas.mlp(x, *reference.parameters()), reference(x), atol=1e-5, rtol=1e-5)


def test_the_shift_of_the_linear_kernel_keeps_every_weight_positive() -> None:
    x = torch.linspace(-30, 30, 101)
    assert (formulas.positive(x) >= 0).all()
    torch.testing.assert_close(formulas.positive(x), torch.where(x > 0, x + 1, x.exp()), atol=1e-6, rtol=1e-6)
    weights = formulas.linear_attention_weights(normal(2, 4, 9, 8), normal(2, 4, 9, 8, seed=1))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 9))


def test_where_the_residual_and_the_norm_stand() -> None:
    x = normal(2, 5)

    def halve(y: Tensor) -> Tensor:
        return y / 2

    def add(y: Tensor) -> Tensor:
        return y + 1

    torch.testing.assert_close(formulas.pre_norm(x, halve, add), x + (x / 2 + 1))
    torch.testing.assert_close(formulas.post_norm(x, halve, add), (x + (x + 1)) / 2)
    torch.testing.assert_close(formulas.pre_norm_alone(x, halve, add), x / 2 + 1)
    torch.testing.assert_close(formulas.post_norm_alone(x, halve, add), (x + 1) / 2)


def test_all_tokens_cost_the_square_of_their_number_and_kernels_cost_their_number() -> None:
    assert formulas.attention_flops(128, 64) == 4 * formulas.attention_flops(64, 64)
    assert formulas.linear_attention_flops(128, 64, 16) == 2 * formulas.linear_attention_flops(64, 64, 16)
    assert formulas.windowed_attention_flops(64, 64, 32, 8) == formulas.attention_flops(64, 32)
