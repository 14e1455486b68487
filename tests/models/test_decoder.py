"""Random masking, the encoder of visible patches, the decoder of hidden patches, and the loss."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.models import decoder
from rdfia.models.attention_formulas import patches
from rdfia.models.decoder import Autoencoder, Decoder, Masking
from rdfia.models.timm_vit import TimmViT
from rdfia.models.transformer import unpatchify

SHAPE, PATCH = (2, 12, 8), 4  # a grid of 3 × 2 patches


def vit(model: str = "vit_small_patch16_224") -> Any:
    """Return a tiny encoder of square images, with more than one block."""
    settings = TimmViT(model=model, img_size=8, patch_size=PATCH // 2, embed=16, depth=2, heads=2)
    return settings.build((2, 8, 8), 3, Generator().manual_seed(0)).vit


def images(count: int = 5, shape: tuple[int, ...] = (2, 8, 8)) -> Tensor:
    return torch.randn(count, *shape, generator=Generator().manual_seed(1))


def autoencoder(contrast: bool = False, mask: float = 0.75) -> Autoencoder:
    return Autoencoder(vit(), Decoder(embed=8, heads=2), mask, contrast, Generator().manual_seed(2))


@given(st.integers(2, 60), st.data(), st.integers(0, 2**31))
def test_each_image_hides_the_given_number_of_patches(count: int, data: st.DataObject, seed: int) -> None:
    hidden = data.draw(st.integers(1, count - 1))
    masking = decoder.random_masking(4, count, hidden, Generator().manual_seed(seed))
    assert masking.hidden.shape == (4, hidden)
    together = torch.cat([masking.visible, masking.hidden], 1)
    assert torch.equal(together.sort(1).values, torch.arange(count).expand(4, -1))
    assert all((part.diff(dim=1) > 0).all() for part in (masking.visible, masking.hidden))


def test_every_patch_is_hidden_equally_often() -> None:
    masking = decoder.random_masking(8000, 16, 12, Generator().manual_seed(0))
    shares = torch.bincount(masking.hidden.flatten(), minlength=16) / 8000
    assert (shares - 0.75).abs().max() < 0.02  # four standard errors


def test_a_share_is_converted_to_a_number_of_patches() -> None:
    assert [decoder.hidden_count(share, 16) for share in (0.25, 0.5, 0.75)] == [4, 8, 12]
    for share, count in ((0.75, 1), (0.01, 16), (0.99, 16)):
        with pytest.raises(ConfigError, match=f"^mask: found {share}, which hides .* of {count}, allowed: a share"):
            decoder.hidden_count(share, count)


@pytest.mark.parametrize(
    "model", ["vit_small_patch16_224", "vit_base_patch16_clip_224", "vit_wee_patch16_reg1_gap_256"]
)
def test_with_nothing_hidden_the_encoder_equals_timm(model: str) -> None:
    network, x = vit(model).eval(), images()
    everything = torch.arange(network.patch_embed.num_patches).expand(len(x), -1)
    assert torch.equal(decoder.encode_visible(network, x, everything), network.forward_features(x))


@pytest.mark.parametrize("mask", [0.25, 0.75])
def test_the_encoder_does_not_depend_on_hidden_patches(mask: float) -> None:
    network, x = autoencoder(mask=mask), images()
    masking = network.sample_masking(len(x), Generator().manual_seed(3))
    inside = torch.zeros(len(x), 16, 8).scatter(1, masking.hidden[:, :, None].expand(-1, -1, 8), 1.0)
    hidden = unpatchify(inside, (4, 4), 2)
    before = decoder.encode_visible(network.vit, x, masking.visible)
    assert torch.equal(decoder.encode_visible(network.vit, x + hidden * images(), masking.visible), before)
    assert not torch.equal(decoder.encode_visible(network.vit, x + (1 - hidden), masking.visible), before)
    assert before.shape == (len(x), 1 + 16 - network.hidden, 16)


def test_patches_put_together_are_the_image() -> None:
    x = images(shape=SHAPE)
    assert torch.equal(unpatchify(patches(x, PATCH), (3, 2), PATCH), x)


def test_standardised_patches_equal_numpy() -> None:
    parts = patches(images(), 2)
    result, mean, root = decoder.standardise_patches(parts)
    array = parts.double().numpy()
    expected = (array - array.mean(2, keepdims=True)) / np.sqrt(array.var(2, ddof=1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(result * root + mean, parts)


def test_the_positions_of_the_decoder_encode_row_and_column() -> None:
    result = decoder.sinusoids_2d((3, 4), 16)
    assert result.shape == (12, 16)
    assert len(result.unique(dim=0)) == 12
    assert torch.equal(result[0, :8], result[3, :8])  # the same row
    assert torch.equal(result[1, 8:], result[9, 8:])  # the same column


def test_predictions_follow_the_order_of_the_hidden_patches() -> None:
    network, x = autoencoder(), images()
    masking = network.sample_masking(len(x), Generator().manual_seed(3))
    turned = Masking(masking.visible.flip(1), masking.hidden.flip(1))
    torch.testing.assert_close(network(x, turned).flip(1), network(x, masking))


@pytest.mark.parametrize("contrast", [False, True])
def test_the_loss_is_over_hidden_pixels_only(contrast: bool) -> None:
    network, x = autoencoder(contrast), images()
    masking = network.sample_masking(len(x), Generator().manual_seed(3))
    with torch.no_grad():
        loss = network.loss(x, masking).item()
        true, visible, predicted = network.reconstructions(x, masking).numpy()
    hidden = np.isnan(visible)
    assert hidden.mean() == 0.75
    np.testing.assert_array_equal(true, x.numpy())
    np.testing.assert_array_equal(predicted[~hidden], true[~hidden])
    squares = np.square(predicted - true)[hidden].reshape(-1, 1)
    if contrast:
        inside = np.isnan(patches(torch.from_numpy(visible), 2).numpy())
        parts = patches(x, 2).numpy()[inside].reshape(-1, 8)
        assert loss != pytest.approx(squares.mean())
        predicted = patches(torch.from_numpy(predicted), 2).numpy()[inside].reshape(-1, 8)
        squares = np.square(predicted - parts) / (parts.var(1, ddof=1, keepdims=True) + 1e-6)
    assert loss == pytest.approx(squares.mean(), rel=1e-4)


def test_only_the_head_is_not_trained() -> None:
    network = autoencoder()
    x = images()
    network.loss(x, network.sample_masking(len(x), Generator().manual_seed(3))).backward()
    still = {name for name, weight in network.named_parameters() if weight.grad is None}
    assert still == {"vit.head.weight", "vit.head.bias"}
    assert len(network.trainable_parameters()) == len(list(network.parameters())) - 2


def test_a_decoder_is_initialised_from_its_generator() -> None:
    one, same, other = (Decoder(embed=8).build(16, (2, 2), 4, Generator().manual_seed(s)) for s in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.mask_token, other.mask_token)
    assert set(one.state_dict()) == set(dict(one.named_parameters()))  # positions are made anew


@pytest.mark.parametrize(
    ("settings", "message"), [({"heads": 5}, "heads that divide embed"), ({"embed": 6}, "multiple")]
)
def test_a_decoder_that_cannot_be_built_is_an_error(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Decoder(**settings)
