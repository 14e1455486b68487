"""Dropout's conventions by enumeration of all masks, and the drawn ones near to it."""

from itertools import product

import pytest
import torch

from rdfia.data.store import Split
from rdfia.models import layers
from rdfia.theory.dropout import CONVENTIONS, Dropout, apart, dropped_rank, ensemble, masks, ratio

H = torch.tensor([0.5, 2.0, 1.0, 3.0, 0.1, 0.7], dtype=torch.float64)
ABOVE = torch.randn(10, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
EVERY = torch.tensor(list(product((0.0, 1.0), repeat=6)), dtype=torch.float64)


@pytest.mark.parametrize(("place", "expected"), [(0, 1.0), (1, 1.0), (2, 1.0), (3, 2.0)])
def test_over_all_masks_at_one_half_the_ratio_is_exact(place: int, expected: float) -> None:
    assert ratio(CONVENTIONS[place], 0.5, EVERY, H, ABOVE) == pytest.approx(expected, abs=1e-12)


def test_drawn_masks_have_the_closed_form(circles: Split) -> None:
    conventions = Dropout().answer(circles).facts["conventions"]
    for p in (0.2, 0.5, 0.8):
        expected = (1.0, 1.0, p / (1 - p), 1 / (1 - p))
        found = [one["ratio"][str(p)] for one in conventions]
        assert found == pytest.approx(expected, rel=0.02)


def test_the_geometric_mean_over_all_masks_is_the_pass_without_one() -> None:
    shares = ((EVERY * H / 0.5) @ ABOVE.T).softmax(-1)
    geometric = shares.log().mean(0).exp()
    torch.testing.assert_close(geometric / geometric.sum(), (ABOVE @ H).softmax(-1))
    assert ensemble(0.5, len(EVERY), EVERY, H, ABOVE)["geometric"] < 1e-12
    assert ensemble(0.5, len(EVERY), EVERY, H, ABOVE)["arithmetic"] > 1e-3


def test_the_first_convention_is_that_of_our_layer() -> None:
    layer = layers.Dropout(0.8, torch.Generator().manual_seed(0)).train()
    x = torch.ones(100_000)
    assert layer(x).unique().tolist() == pytest.approx([0, CONVENTIONS[0].train(0.8)])
    assert torch.equal(layer.eval()(x), x * CONVENTIONS[0].test(0.8))


def test_what_is_dropped_has_any_rank_unless_it_is_pruned() -> None:
    drawn = masks(20_000, 6, 0.5, torch.Generator().manual_seed(0))
    assert dropped_rank(drawn, H, ABOVE) == pytest.approx(0.5, abs=0.01)
    pruned = (H * ABOVE.norm(dim=0)).argsort().argsort() >= 3
    assert dropped_rank(pruned[None].double(), H, ABOVE) == pytest.approx(0.2)  # ranks 0, 1 and 2 of 0 … 5


def test_the_distance_of_shares_is_one_where_they_have_nothing_in_common() -> None:
    assert apart(torch.tensor([[1.0, 0, 0]]), torch.tensor([0, 0.5, 0.5])) == pytest.approx(1)
