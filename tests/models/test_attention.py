"""Attention of each kind against PyTorch's own, and the rollout against its definition."""

import pytest
import torch
import torch.nn.functional as F
from pydantic import TypeAdapter
from torch import Generator, Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rdfia.config import ConfigError
from rdfia.models.attention import (
    Attention,
    AttentionKind,
    FusedAttention,
    Linear,
    LinearAttention,
    Softmax,
    Windowed,
    WindowedAttention,
    rollout,
    windows,
)
from rdfia.models.layers import initialise

KINDS = (Softmax(), Softmax(kernel="fused"), Linear(), Windowed(size=2), Windowed(size=4))


def tokens(count: int, seed: int = 0) -> Tensor:
    return torch.randn(3, count, 32, generator=Generator().manual_seed(seed))


def made(kind: AttentionKind, grid: tuple[int, int] = (4, 4), leading: int = 1) -> Attention:
    attention = kind.build(32, 4, grid, leading)
    initialise(attention, Generator().manual_seed(0))
    return attention


def test_the_written_attention_equals_scaled_dot_product_attention() -> None:
    attention, x = made(Softmax()), tokens(17)
    q, k, v = attention.split(x)
    torch.testing.assert_close(attention.attend(q, k, v), F.scaled_dot_product_attention(q, k, v), atol=1e-5, rtol=1e-5)


def test_the_written_attention_equals_multihead_attention_with_its_weights() -> None:
    own, reference, x = made(Softmax()), nn.MultiheadAttention(32, 4, batch_first=True), tokens(17)
    names = {"qkv.": "in_proj_", "projection.": "out_proj."}
    for ours, theirs in names.items():
        for part in ("weight", "bias"):
            with torch.no_grad():
                reference.get_parameter(theirs + part).copy_(own.get_parameter(ours + part))
    output, weights = reference(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(own(x), output, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(own.weights(x)[0], weights, atol=1e-5, rtol=1e-5)


def test_the_fused_kernel_gives_the_same_values_and_gradients() -> None:
    written, fused = made(Softmax()), made(Softmax(kernel="fused"))
    assert isinstance(fused, FusedAttention)
    for attention in (written, fused):
        attention(tokens(17)).square().sum().backward()
    torch.testing.assert_close(fused(tokens(17)), written(tokens(17)), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fused.qkv.weight.grad, written.qkv.weight.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("leading", [0, 1])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_output_is_the_weights_times_the_values(kind: AttentionKind, leading: int) -> None:
    attention, x = made(kind, leading=leading), tokens(16 + leading)
    weights, v = attention.weights(x)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4, 16 + leading))
    assert (weights >= 0).all()
    torch.testing.assert_close(weights @ v, attention.attend(*attention.split(x)), atol=1e-5, rtol=1e-5)


def test_windows_are_squares_of_patches() -> None:
    assert windows((2, 4), 2).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert windows((4, 4), 2).flatten().unique().tolist() == list(range(16))


@pytest.mark.parametrize("leading", [0, 1])
def test_windowed_attention_is_softmax_attention_under_a_mask(leading: int) -> None:
    attention, x = made(Windowed(size=2), (4, 6), leading), tokens(24 + leading)
    window = [(p // 6 // 2, p % 6 // 2) for p in range(24)]
    allowed = torch.ones(24 + leading, 24 + leading, dtype=torch.bool)
    allowed[leading:, leading:] = torch.tensor([[a == b for b in window] for a in window])
    q, k, v = attention.split(x)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    torch.testing.assert_close(attention.attend(q, k, v), expected, atol=1e-5, rtol=1e-5)


def test_one_window_over_everything_is_softmax_attention() -> None:
    windowed, softmax = made(Windowed(size=4)), made(Softmax())
    assert isinstance(windowed, WindowedAttention)
    torch.testing.assert_close(windowed(tokens(17)), softmax(tokens(17)), atol=1e-5, rtol=1e-5)


def test_without_a_class_token_no_information_leaves_a_window() -> None:
    attention, x = made(Windowed(size=2), leading=0), tokens(16)
    changed = x.clone()
    changed[:, 0] += 1  # the top left patch, in a window with 1, 4 and 5
    moved = (attention(changed) - attention(x)).abs().amax((0, 2)) > 1e-6
    assert moved.nonzero().flatten().tolist() == [0, 1, 4, 5]


@pytest.mark.parametrize("grid", [(4, 4), (4, 8)])
@pytest.mark.parametrize("leading", [0, 1])
@pytest.mark.parametrize("kind", [Softmax(), Linear(), Windowed(size=2)], ids=str)
def test_the_count_of_operations_equals_pytorch(kind: AttentionKind, leading: int, grid: tuple[int, int]) -> None:
    attention = made(kind, grid, leading)
    q, k, v = attention.split(tokens(leading + grid[0] * grid[1])[:1])
    with FlopCounterMode(display=False) as counter:
        attention.attend(q, k, v)
    assert kind.flops(32, 4, grid, leading) == counter.get_total_flops()


def test_linear_attention_does_not_depend_on_the_order_of_the_brackets() -> None:
    attention = made(Linear())
    assert isinstance(attention, LinearAttention)
    q, k, v = attention.split(tokens(17))
    q, k = F.elu(q) + 1, F.elu(k) + 1
    expected = torch.einsum("bhnd,bhmd,bhme->bhne", q, k, v) / torch.einsum("bhnd,bhmd->bhn", q, k)[..., None]
    torch.testing.assert_close(attention.attend(*attention.split(tokens(17))), expected, atol=1e-5, rtol=1e-5)


def test_a_kind_is_selected_by_its_name() -> None:
    chosen: TypeAdapter[AttentionKind] = TypeAdapter(AttentionKind)
    assert chosen.validate_python("linear") == Linear()
    assert chosen.validate_python({"name": "windowed", "size": 4}) == Windowed(size=4)


def test_a_window_that_does_not_fit_is_a_one_line_error() -> None:
    with pytest.raises(ConfigError, match=r"^model\.attention\.size: found 3, allowed: a divisor of 4 and 6 patches$"):
        Windowed(size=3).build(32, 4, (4, 6), 1)


def maps(blocks: int) -> list[Tensor]:
    generator = Generator().manual_seed(0)
    return [torch.randn(2, 4, 9, 9, generator=generator).softmax(-1) for _ in range(blocks)]


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_the_rows_of_a_rollout_sum_to_one(blocks: int) -> None:
    rolled = rollout(maps(blocks))
    assert rolled.shape == (2, 9, 9)
    torch.testing.assert_close(rolled.sum(-1), torch.ones(2, 9))


def test_a_rollout_multiplies_from_the_last_block_to_the_first() -> None:
    first, second, third = ((a.mean(1) + torch.eye(9)) / 2 for a in maps(3))
    torch.testing.assert_close(rollout(maps(3)), third @ second @ first)


def test_the_rollout_of_identities_is_the_identity() -> None:
    still = [torch.eye(9).expand(2, 4, 9, 9)] * 3
    torch.testing.assert_close(rollout(still), torch.eye(9).expand(2, 9, 9))
