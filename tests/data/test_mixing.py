"""Mixing against torchvision under the same parameters, and the distributions of the parameters."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from pydantic import TypeAdapter
from torch import Generator, Tensor
from torchvision.transforms import v2

from rdfia.data.mixing import Cutmix, Mixing, Mixup, beta


def batch(count: int = 16, height: int = 12, width: int = 16) -> tuple[Tensor, Tensor]:
    x = torch.rand(count, 3, height, width, generator=Generator().manual_seed(0))
    return x, F.one_hot(torch.arange(count) % 10, 10).float()


def neighbours(count: int) -> Tensor:
    """Return torchvision's partners: the batch rolled by one."""
    return torch.arange(count).roll(1)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mixup_equals_torchvision(share: float) -> None:
    x, y = batch()
    reference = v2.MixUp(num_classes=10)
    params = {"lam": share, "labels": y, "batch_size": 16}
    mixed, targets = Mixup().apply(x, y, neighbours(16), torch.full((16,), share))
    torch.testing.assert_close(mixed, reference.transform(x, params), atol=1e-6, rtol=0)
    torch.testing.assert_close(targets, reference.transform(y, params), atol=1e-6, rtol=0)


@pytest.mark.parametrize("box", [(2, 3, 9, 10), (0, 0, 12, 16), (4, 4, 4, 4)])
def test_cutmix_equals_torchvision(box: tuple[int, int, int, int]) -> None:
    x, y = batch()
    top, left, bottom, right = box
    share = 1 - (bottom - top) * (right - left) / (12 * 16)
    reference = v2.CutMix(num_classes=10)
    params = {"box": (left, top, right, bottom), "lam_adjusted": share, "labels": y, "batch_size": 16}
    mixed, targets = Cutmix().apply(x, y, neighbours(16), torch.tensor([box]).expand(16, 4))
    assert torch.equal(mixed, reference.transform(x, params))
    torch.testing.assert_close(targets, reference.transform(y, params), atol=1e-6, rtol=0)


def test_boxes_have_the_distribution_of_torchvision() -> None:
    count, reference = 1500, v2.CutMix(alpha=1.0, num_classes=10)
    torch.manual_seed(0)
    theirs = torch.tensor([reference.make_params([torch.zeros(2, 3, 32, 32)])["lam_adjusted"] for _ in range(count)])
    _, boxes = Cutmix(alpha=1.0).sample((count, 3, 32, 32), Generator().manual_seed(0))
    ours = 1 - (boxes[:, 2:] - boxes[:, :2]).prod(1) / 1024
    places = torch.linspace(0, 1, 101)
    below = [(sample[:, None] <= places).double().mean(0) for sample in (ours, theirs)]
    # Kolmogorov and Smirnov at a level of about 1e-4
    assert (below[0] - below[1]).abs().max() < 2.2 * (2 / count) ** 0.5


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha: float) -> None:
    from scipy.stats import kstest

    shares = beta(2000, alpha, Generator().manual_seed(0))
    assert kstest(shares.double().numpy(), "beta", (alpha, alpha)).pvalue > 0.001
    assert len(shares.unique()) > 1500


@pytest.mark.parametrize("kind", [Mixup, Cutmix])
def test_targets_stay_shares_of_one_and_only_partners_are_mixed_in(kind: Any) -> None:
    x, y = batch()
    mixed, targets = kind()(x, y, Generator().manual_seed(0))
    assert mixed.shape == x.shape
    torch.testing.assert_close(targets.sum(1), torch.ones(16))
    assert ((targets > 0).sum(1) <= 2).all()
    torch.testing.assert_close(targets.sum(0).sum(), torch.tensor(16.0))
    assert not torch.equal(mixed, x)


@pytest.mark.parametrize("kind", [Mixup, Cutmix])
def test_partners_are_a_permutation_and_each_image_has_its_own_share(kind: Any) -> None:
    partners, parameters = kind().sample((500, 3, 32, 32), Generator())
    assert torch.equal(partners.sort().values, torch.arange(500))
    assert len(parameters.unique(dim=0)) > 400


@pytest.mark.parametrize("kind", [Mixup, Cutmix])
def test_the_same_seed_mixes_the_same(kind: Any) -> None:
    first, second = (kind()(*batch(), Generator().manual_seed(3)) for _ in range(2))
    other = kind()(*batch(), Generator().manual_seed(4))
    assert all(map(torch.equal, first, second))
    assert not torch.equal(first[0], other[0])


def test_a_small_alpha_leaves_images_nearly_unmixed() -> None:
    shares = beta(4000, 0.05, Generator().manual_seed(0))
    assert ((shares < 0.01) | (shares > 0.99)).float().mean() > 0.75
    assert shares.isfinite().all()


def test_mixing_is_selected_by_its_name() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Mixing)
    assert adapter.validate_python("mixup") == Mixup()
    assert adapter.validate_python({"name": "cutmix", "alpha": 0.5}) == Cutmix(alpha=0.5)
