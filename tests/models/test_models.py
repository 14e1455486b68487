"""The networks against PyTorch's own layers, and their numbers of weights."""

import pytest
import torch
from torch import Generator, nn

from rdfia.bench.yardsticks import in_the_courses_order
from rdfia.config import ConfigError
from rdfia.models.attention import Attention
from rdfia.models.cnn import CNN
from rdfia.models.layers import Dropout, initialise
from rdfia.models.mlp import MLP
from rdfia.models.transformer import Block
from rdfia.models.vit import ViT


def test_the_courses_network_has_the_published_number_of_weights() -> None:
    network = CNN().build((3, 32, 32), 10, Generator())
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    counts = [sum(weight.numel() for weight in layer.parameters()) for layer in layers]
    assert counts == [2_432, 51_264, 102_464, 1_025_000, 10_010]
    assert sum(counts) == sum(weight.numel() for weight in network.parameters()) == 1_191_170


def test_the_network_by_hand_is_two_linear_layers_with_tanh_between() -> None:
    network = MLP(hidden=7).build((2,), 3, Generator().manual_seed(0))
    reference = nn.Sequential(nn.Linear(2, 7), nn.Tanh(), nn.Linear(7, 3))
    with torch.no_grad():
        for own, theirs in zip(network.parameters(), reference.parameters(), strict=True):
            theirs.copy_(own)
    x = torch.randn(5, 2, generator=Generator().manual_seed(1))
    torch.testing.assert_close(network(x), reference(x))


def test_initialisation_has_the_distribution_of_pytorch_and_depends_on_the_generator() -> None:
    def made(seed: int) -> nn.Conv2d:
        layer = nn.Conv2d(16, 400, 5)
        initialise(layer, Generator().manual_seed(seed))
        return layer

    ours, theirs = made(0), nn.Conv2d(16, 400, 5)
    assert torch.equal(ours.weight, made(0).weight)
    assert not torch.equal(ours.weight, made(1).weight)
    assert ours.weight.std().item() == pytest.approx(theirs.weight.std().item(), rel=0.02)
    assert ours.weight.abs().max().item() == pytest.approx(theirs.weight.abs().max().item(), rel=0.01)


def test_dropout_keeps_the_expectation_in_training_and_the_value_in_test() -> None:
    layer = Dropout(0.3, Generator().manual_seed(0))
    x = torch.ones(200_000)
    y = layer.train()(x)
    assert sorted(y.unique().tolist()) == pytest.approx([0, 1 / 0.7])
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(x), x)
    assert torch.equal(Dropout(0.0, Generator()).train()(x), x)


def test_attention_rows_sum_to_one_and_agree_with_pytorch() -> None:
    attention = Attention(32, 4)
    x = torch.randn(3, 9, 32, generator=Generator().manual_seed(0))
    weights, values = attention.weights(x)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4, 9))
    q, k, v = attention.qkv(x).view(3, 9, 3, 4, 8).permute(2, 0, 3, 1, 4)
    torch.testing.assert_close(weights @ values, nn.functional.scaled_dot_product_attention(q, k, v))


def test_attention_agrees_with_multihead_attention() -> None:
    own, reference = Attention(32, 4), nn.MultiheadAttention(32, 4, batch_first=True)
    reference.load_state_dict(
        {
            "in_proj_weight": own.qkv.weight,
            "in_proj_bias": own.qkv.bias,
            "out_proj.weight": own.projection.weight,
            "out_proj.bias": own.projection.bias,
        }
    )
    x = torch.randn(3, 9, 32, generator=Generator().manual_seed(0))
    torch.testing.assert_close(own(x), reference(x, x, x)[0], atol=1e-5, rtol=1e-5)


def test_a_block_agrees_with_pytorchs_pre_norm_layer() -> None:
    own = Block(32, 4, 2)
    reference = nn.TransformerEncoderLayer(32, 4, 64, dropout=0, activation="gelu", batch_first=True, norm_first=True)
    names = {
        "attention.qkv.weight": "self_attn.in_proj_weight",
        "attention.qkv.bias": "self_attn.in_proj_bias",
        "attention.projection": "self_attn.out_proj",
        "mlp.0": "linear1",
        "mlp.2": "linear2",
    }
    state = own.state_dict()
    for ours, theirs in names.items():
        state = {key.replace(ours, theirs): value for key, value in state.items()}
    reference.load_state_dict(state)
    x = torch.randn(3, 9, 32, generator=Generator().manual_seed(0))
    torch.testing.assert_close(own(x), reference.train()(x), atol=1e-5, rtol=1e-5)


def test_patches_of_7_give_16_tokens_and_a_class_token() -> None:
    network = ViT(embed=32, patch_size=7).build((1, 28, 28), 10, Generator())
    assert network.tokens(torch.zeros(2, 1, 28, 28)).shape == (2, 17, 32)  # type: ignore[operator]
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_each_patch_is_read_once() -> None:
    embed = ViT(embed=8, patch_size=7, heads=2).build((1, 28, 28), 10, Generator().manual_seed(0)).embed
    x = torch.rand(1, 1, 28, 28, generator=Generator().manual_seed(0))
    changed = x.clone()
    changed[..., 7:14, 14:21] = 0  # row 1, column 2 of a grid of four: token 6
    moved = (embed(changed) - embed(x)).abs().sum(-1)[0] > 0  # type: ignore[operator]
    assert moved.nonzero().flatten().tolist() == [6]


def test_settings_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"model\.patch_size: found 5, allowed: a divisor of 28 and 28"):
        ViT(embed=32, patch_size=5).build((1, 28, 28), 10, Generator())
    with pytest.raises(ValueError, match="heads that divide embed"):
        ViT(embed=30, heads=4)


def test_too_many_poolings_are_a_one_line_error() -> None:
    with pytest.raises(ConfigError, match=r"model\.channels: found 4, allowed: 1 to 3 on 8×9"):
        CNN(channels=(2,) * 4).build((1, 8, 9), 2, Generator())
    CNN(channels=(2,) * 3).build((1, 8, 9), 2, Generator())


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pooling_before_relu_gives_the_bits_of_the_courses_order(batch_norm: bool, dtype: torch.dtype) -> None:
    network = CNN(channels=(8, 8), hidden=16, batch_norm=batch_norm).build((3, 14, 14), 4, Generator().manual_seed(0))
    x = torch.randn(32, 3, 14, 14, generator=Generator().manual_seed(1)).contiguous(memory_format=torch.channels_last)
    other = in_the_courses_order(network)
    assert [type(layer) for layer in other.features] != [type(layer) for layer in network.features]  # type: ignore[union-attr,arg-type]
    results = []
    for one in (network, other):
        one.zero_grad()
        with torch.autocast("cpu", dtype, enabled=dtype == torch.bfloat16):
            logits = one(x)
        logits.float().logsumexp(1).sum().backward()
        results.append([logits.detach(), *(w.grad.clone() for w in one.parameters())])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)
