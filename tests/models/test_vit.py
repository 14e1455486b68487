"""The vision transformer against timm's, its ablations, and its operations."""

from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rdfia.chapters.vit.run import ChapterRun
from rdfia.config import ConfigError, load, parse
from rdfia.models import attention_formulas as formulas
from rdfia.models.attention import Linear, Softmax, Windowed, rollout
from rdfia.models.transformer import permute_patches
from rdfia.models.vit import Pool, PrintedViT, VisionTransformer, ViT

SHAPE = (1, 28, 28)
ABLATIONS: dict[str, dict[str, Any]] = {
    "as given": {},
    "mean": {"pool": "mean"},
    "no positions": {"positions": "none"},
    "sinusoidal": {"positions": "sinusoidal"},
    "post": {"norm": "post"},
    "no residual": {"residual": False},
    "relu": {"activation": "relu"},
    "fused": {"attention": Softmax(kernel="fused")},
    "linear": {"attention": Linear()},
    "windowed": {"attention": Windowed(size=2)},
    "windowed mean": {"attention": Windowed(size=2), "pool": "mean"},
    "bag of patches": {"pool": "mean", "positions": "none"},
}
GOLDEN = {  # shape and first number of each weight with seed 0
    "class_token": ((1, 1, 4), -0.04464),
    "positions": ((1, 17, 4), 0.00232),
    "embed.projection.weight": ((4, 1, 7, 7), -0.00107),
    "embed.projection.bias": ((4,), -0.08324),
    "blocks.0.norm1.weight": ((4,), 1.0),
    "blocks.0.norm1.bias": ((4,), 0.0),
    "blocks.0.attention.qkv.weight": ((12, 4), 0.02103),
    "blocks.0.attention.qkv.bias": ((12,), 0.00689),
    "blocks.0.attention.projection.weight": ((4, 4), -0.28805),
    "blocks.0.attention.projection.bias": ((4,), 0.43844),
    "blocks.0.norm2.weight": ((4,), 1.0),
    "blocks.0.norm2.bias": ((4,), 0.0),
    "blocks.0.mlp.0.weight": ((4, 4), 0.01593),
    "blocks.0.mlp.0.bias": ((4,), 0.34577),
    "blocks.0.mlp.2.weight": ((4, 4), -0.24123),
    "blocks.0.mlp.2.bias": ((4,), -0.26108),
    "norm.weight": ((4,), 1.0),
    "norm.bias": ((4,), 0.0),
    "head.weight": ((10, 4), 0.04177),
    "head.bias": ((10,), -0.3383),
}
everything = pytest.mark.parametrize("changes", ABLATIONS.values(), ids=list(ABLATIONS))


def built(shape: tuple[int, ...] = SHAPE, seed: int = 0, **changes: Any) -> VisionTransformer:
    network = ViT(**changes).build(shape, 10, Generator().manual_seed(seed))
    assert isinstance(network, VisionTransformer)
    return network


def images(count: int = 3, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> Tensor:
    return torch.rand(count, *shape, generator=Generator().manual_seed(seed))


def test_the_initial_weights_of_the_default_network_are_unchanged() -> None:
    state = built(embed=4, blocks=1, heads=2, mlp_ratio=1).state_dict()
    assert list(state) == list(GOLDEN)
    for name, (shape, first) in GOLDEN.items():
        assert tuple(state[name].shape) == shape, name
        assert state[name].flatten()[0].item() == pytest.approx(first, abs=2e-5), name


def in_timm(own: VisionTransformer, pool: Pool) -> nn.Module:
    """Return timm's network of the same size, with our weights."""
    from timm.models.vision_transformer import VisionTransformer as Timm

    theirs = Timm(
        img_size=28,
        patch_size=7,
        in_chans=1,
        num_classes=10,
        embed_dim=32,
        depth=2,
        num_heads=4,
        class_token=pool == "token",
        global_pool="token" if pool == "token" else "avg",
        fc_norm=False,
        norm_layer=partial(nn.LayerNorm, eps=1e-5),  # timm's own is 1e-6, PyTorch's 1e-5
    )
    names = {"class_token": "cls_token", "positions": "pos_embed", "embed.projection": "patch_embed.proj"}
    names |= {"attention.projection": "attn.proj", "attention.": "attn.", "mlp.0": "mlp.fc1", "mlp.2": "mlp.fc2"}
    state = own.state_dict()
    for ours, timms in names.items():
        state = {key.replace(ours, timms): value for key, value in state.items()}
    theirs.load_state_dict(state)
    return theirs.eval()


@pytest.mark.parametrize("pool", ["token", "mean"])
def test_the_network_equals_timm(pool: Pool) -> None:
    own = built(pool=pool)
    torch.testing.assert_close(own(images()), in_timm(own, pool)(images()), atol=1e-5, rtol=1e-5)


@everything
def test_every_weight_is_trained_and_the_same_seed_gives_the_same_bytes(changes: dict[str, Any]) -> None:
    network, again = built(**changes), built(**changes)
    logits = network(images())
    assert logits.shape == (3, 10)
    assert torch.equal(logits, again(images()))
    nn.functional.cross_entropy(logits, torch.arange(3)).backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


@everything
def test_the_remaining_parts_of_an_ablation_start_from_the_same_weights(changes: dict[str, Any]) -> None:
    before, after = built().state_dict(), built(**changes).state_dict()
    left = {name for name in after if after[name].shape == before[name].shape and name != "positions"}
    assert all(torch.equal(after[name], before[name]) for name in left)
    assert set(before) - left <= {"class_token", "positions"}


def test_the_printed_network_has_the_same_weights_and_other_blocks() -> None:
    ours, printed = (kind().build(SHAPE, 10, Generator().manual_seed(0)) for kind in (ViT, PrintedViT))
    for one, other in zip(ours.parameters(), printed.parameters(), strict=True):
        assert torch.equal(one, other)
    assert (ours(images()) - printed(images())).abs().max() > 0.01


def test_every_ablation_gives_another_network() -> None:
    outputs = [built(**changes)(images()) for name, changes in ABLATIONS.items() if name != "fused"]
    for place, output in enumerate(outputs):
        assert all((output - other).abs().max() > 1e-4 for other in outputs[:place])


@pytest.mark.parametrize("attention", [Softmax(), Linear()], ids=str)
@pytest.mark.parametrize("pool", ["token", "mean"])
@given(seed=st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_without_positions_the_order_of_the_patches_does_not_matter(pool: str, attention: Any, seed: int) -> None:
    network, x = built(pool=pool, positions="none", attention=attention), images()
    shuffled = permute_patches(x, 7, Generator().manual_seed(seed))
    torch.testing.assert_close(network(shuffled), network(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"pool": "mean"}, {"positions": "sinusoidal"}, {"attention": Linear()}])
def test_with_positions_the_order_of_the_patches_matters(changes: dict[str, Any]) -> None:
    network, x = built(**changes), images()
    assert (network(permute_patches(x, 7, Generator().manual_seed(0))) - network(x)).abs().max() > 1e-4


def test_windows_encode_neighbourhood_even_without_positions() -> None:
    network, x = built(positions="none", attention=Windowed(size=2)), images()
    within = torch.tensor([1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]).expand(3, -1)  # 0 and 1 share one
    across = torch.tensor([2, 1, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]).expand(3, -1)  # 0 and 2 do not
    torch.testing.assert_close(network(permute_patches(x, 7, within)), network(x), atol=1e-5, rtol=1e-5)
    assert (network(permute_patches(x, 7, across)) - network(x)).abs().max() > 1e-5


@everything
@pytest.mark.parametrize("size", [{}, {"embed": 24, "patch_size": 7, "blocks": 3, "heads": 3, "mlp_ratio": 2}])
def test_the_formulas_count_the_operations_that_pytorch_counts(changes: dict[str, Any], size: dict[str, Any]) -> None:
    if changes.get("attention") == Softmax(kernel="fused"):
        changes = {}  # the same operations; what PyTorch counts of a fused kernel depends on the machine
    network, config = built((3, 28, 56), **size, **changes), ViT(**size, **changes)
    with FlopCounterMode(display=False) as counter:
        network(images(1, (3, 28, 56)))
    grid = config.grid((3, 28, 56))
    patches = grid[0] * grid[1]
    attention = config.attention.flops(config.embed, config.heads, grid, config.leading)
    block = formulas.block_flops(config.leading + patches, config.embed, config.mlp_ratio, attention)
    embedding, head = 2 * patches * 3 * config.patch_size**2 * config.embed, 2 * config.embed * 10
    assert embedding + config.blocks * block + head == counter.get_total_flops()


def test_a_block_has_the_number_of_weights_of_its_formula() -> None:
    for width, ratio in ((32, 4), (24, 2)):
        block = built(embed=width, mlp_ratio=ratio, heads=2).blocks[0]
        assert sum(weight.numel() for weight in block.parameters()) == formulas.block_weights(width, ratio)


@everything
def test_attention_maps_have_one_value_for_each_patch(changes: dict[str, Any]) -> None:
    network = built((1, 28, 56), **changes)
    maps, tokens = network.attention_maps(images(3, (1, 28, 56))), 32 + (network.class_token is not None)
    assert [tuple(result.shape) for result in maps] == [(3, 4, tokens, tokens)] * 2
    assert network.attention_to_patches(maps[-1]).shape == (3, 4, 4, 8)
    assert network.attention_to_patches(rollout(maps)).shape == (3, 4, 8)
    leaves = 0 if network.class_token is None else rollout(maps)[:, 0, 0]  # to the class token itself
    torch.testing.assert_close(network.attention_to_patches(rollout(maps)).sum((1, 2)), torch.ones(3) - leaves)


@pytest.mark.parametrize("changes", [ABLATIONS["sinusoidal"], ABLATIONS["linear"], ABLATIONS["windowed"]])
def test_the_exported_graph_takes_any_number_of_images(changes: dict[str, Any]) -> None:
    network = built(**changes).eval()
    graph = torch.export.export(network, (images(2),), dynamic_shapes=({0: torch.export.Dim("batch")},)).module()
    torch.testing.assert_close(graph(images(5)), network(images(5)))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"attention": "dense"}, r"base\.model\.attention\.name: found 'dense', allowed: softmax, linear, windowed$"),
        ({"attention": {"name": "windowed", "size": 0}}, r"model\.attention\.size: found 0, allowed: greater than"),
        ({"positions": "round"}, r"model\.positions: found 'round', allowed: 'learned', 'sinusoidal' or 'none'$"),
        ({"norm": "none"}, r"model\.norm: found 'none', allowed: 'pre' or 'post'$"),
        ({"embed": 30}, r"allowed: heads that divide embed \(30 / 4\)$"),
        ({"embed": 3, "heads": 3, "positions": "sinusoidal"}, r"an even embed for sinusoidal positions \(3\)$"),
    ],
)
def test_an_impossible_setting_is_a_one_line_error_that_names_it(model: dict[str, Any], message: str) -> None:
    base = {**load()["vit"]["base"], "model": {"name": "vit", **model}, "seeds": 1}
    with pytest.raises(ConfigError, match=message) as raised:
        parse(ChapterRun, base, where=["vit.base"])
    assert "\n" not in str(raised.value)


def test_settings_that_do_not_fit_the_images_are_a_one_line_error() -> None:
    with pytest.raises(ConfigError, match=r"^model\.patch_size: found 5, allowed: a divisor of 28 and 28$"):
        built(patch_size=5)
    with pytest.raises(ConfigError, match=r"^model\.attention\.size: found 3, allowed: a divisor of 4 and 4 patches$"):
        built(attention=Windowed(size=3))
