"""Blocks against PyTorch's encoder layer in both arrangements, and the permutation of patches."""

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.models.attention import Attention
from rdfia.models.attention_formulas import patches
from rdfia.models.layers import initialise
from rdfia.models.transformer import Activation, Block, Norm, PrintedBlock, permute_patches

NAMES = {
    "attention.qkv.weight": "self_attn.in_proj_weight",
    "attention.qkv.bias": "self_attn.in_proj_bias",
    "attention.projection": "self_attn.out_proj",
    "mlp.0": "linear1",
    "mlp.2": "linear2",
}
X = torch.randn(3, 9, 32, generator=Generator().manual_seed(0))


def with_random_norms(block: Block) -> Block:
    """Return the block with random weights everywhere, also in the norms."""
    generator = Generator().manual_seed(1)
    initialise(block, generator)
    for norm in (block.norm1, block.norm2):
        nn.init.normal_(norm.weight, generator=generator)
        nn.init.normal_(norm.bias, generator=generator)
    return block


def encoder_layer(own: Block, norm: Norm, activation: Activation) -> nn.TransformerEncoderLayer:
    """Return PyTorch's layer with the weights of our block."""
    layer = nn.TransformerEncoderLayer(
        32, 4, 64, dropout=0, activation=activation, batch_first=True, norm_first=norm == "pre"
    )
    state = own.state_dict()
    for ours, theirs in NAMES.items():
        state = {key.replace(ours, theirs): value for key, value in state.items()}
    layer.load_state_dict(state)
    return layer.train()


@pytest.mark.parametrize("activation", ["gelu", "relu"])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_block_equals_the_layer_of_pytorch_in_values_and_gradients(norm: Norm, activation: Activation) -> None:
    own = with_random_norms(Block(32, 4, 2, norm=norm, activation=activation))
    reference = encoder_layer(own, norm, activation)
    torch.testing.assert_close(own(X), reference(X), atol=1e-5, rtol=1e-5)
    for network in (own, reference):
        network(X).square().mean().backward()
    torch.testing.assert_close(own.norm1.weight.grad, reference.norm1.weight.grad, atol=1e-5, rtol=1e-5)


def test_post_norm_is_another_network() -> None:
    own = with_random_norms(Block(32, 4, 2, norm="post"))
    published = own.norm1(X + own.attention(X))
    published = own.norm2(published + own.mlp(published))
    torch.testing.assert_close(own(X), published)
    assert (own(X) - encoder_layer(own, "pre", "gelu")(X)).abs().max() > 0.1


def test_a_block_with_zero_weights_is_the_identity_only_with_pre_norm() -> None:
    silent = {norm: Block(32, 4, 2, norm=norm) for norm in ("pre", "post")}
    for block in silent.values():
        for layer in (block.attention.projection, block.mlp[2]):
            for weight in layer.parameters():
                nn.init.zeros_(weight)
    torch.testing.assert_close(silent["pre"](X), X)
    torch.testing.assert_close(silent["post"](X), F.layer_norm(F.layer_norm(X, (32,)), (32,)))
    assert (silent["post"](X) - X).abs().max() > 0.01


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_without_the_residual_the_input_is_not_added(norm: Norm) -> None:
    with_it, without = (with_random_norms(Block(32, 4, 2, norm=norm, residual=residual)) for residual in (True, False))
    if norm == "pre":
        x = without.attention(without.norm1(X))
        expected = without.mlp(without.norm2(x))
    else:
        x = without.norm1(without.attention(X))
        expected = without.norm2(without.mlp(x))
    torch.testing.assert_close(without(X), expected)
    assert (with_it(X) - without(X)).abs().max() > 0.1


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_attention_weights_of_a_block_are_those_of_the_input_of_its_attention(norm: Norm) -> None:
    block = with_random_norms(Block(32, 4, 2, norm=norm))
    inputs_of_attention: list[Tensor] = []
    block.attention.register_forward_pre_hook(lambda _, inputs: inputs_of_attention.append(inputs[0]))
    block(X)
    torch.testing.assert_close(block.weights(X), block.attention.weights(inputs_of_attention[0])[0])


def test_the_printed_block_adds_ahead_of_attention_and_mlp_so_that_nothing_goes_around() -> None:
    block = PrintedBlock(32, 4, 2, Attention(32, 4))
    with_random_norms(block)
    x = block.attention(block.norm1(X) + X)
    torch.testing.assert_close(block(X), block.mlp(block.norm2(x) + x))
    torch.testing.assert_close(block.weights(X), block.attention.weights(block.norm1(X) + X)[0])
    for weight in block.mlp[2].parameters():
        nn.init.zeros_(weight)
    assert not block(X).any()


def images(count: int = 3) -> Tensor:
    return torch.randint(0, 256, (count, 2, 8, 12), generator=Generator().manual_seed(0)).to(torch.uint8)


def test_permuted_images_have_the_same_patches_in_the_given_order() -> None:
    order = torch.stack([torch.randperm(6, generator=Generator().manual_seed(seed)) for seed in range(3)])
    before, after = patches(images(), 4), patches(permute_patches(images(), 4, order), 4)
    for image in range(3):
        assert torch.equal(after[image], before[image, order[image]])
    assert torch.equal(permute_patches(permute_patches(images(), 4, order), 4, order.argsort(1)), images())


def test_a_generator_samples_an_order_for_each_image() -> None:
    same = images(1).expand(50, -1, -1, -1)
    shuffled = permute_patches(same, 4, Generator().manual_seed(0))
    assert torch.equal(shuffled, permute_patches(same, 4, Generator().manual_seed(0)))
    assert len({bytes(image.numpy().tobytes()) for image in shuffled}) > 40
    assert torch.equal(shuffled.flatten(1).sort(1).values, same.flatten(1).sort(1).values)
