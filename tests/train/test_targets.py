"""The targets of training: labels, smoothed labels, mixtures."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from rdfia.chapters import checks
from rdfia.config import ConfigError
from rdfia.data.mixing import Cutmix, Mixing, Mixup
from rdfia.train.epochs import EpochRecord
from rdfia.train.fit import cross_entropy
from rdfia.train.run import Data
from rdfia.train.targets import Targets
from tests.train.sample import perceptron, run

Y = torch.tensor([0, 2, 1, 2])
IMAGES = torch.rand(4, 1, 6, 6, generator=Generator().manual_seed(0))
LOGITS = torch.randn(4, 3, generator=Generator().manual_seed(1))


def test_labels_alone_stay_as_they_are() -> None:
    images, targets = Targets(3)(IMAGES, Y, Generator())
    assert images is IMAGES
    assert targets is Y


def test_smoothing_is_pytorchs() -> None:
    _, targets = Targets(3, smoothing=0.1)(IMAGES, Y, Generator())
    torch.testing.assert_close(targets.sum(1), torch.ones(4))
    ours, theirs = cross_entropy(LOGITS, targets), F.cross_entropy(LOGITS, Y, label_smoothing=0.1)
    torch.testing.assert_close(ours, theirs)


def test_stacked_networks_share_their_targets() -> None:
    logits = torch.randn(2, 4, 3, generator=Generator().manual_seed(2))
    shares = F.one_hot(Y, 3).float().expand(2, 4, 3)
    torch.testing.assert_close(cross_entropy(logits, shares), cross_entropy(logits, Y))


@pytest.mark.parametrize("mixing", [Mixup(alpha=0.4), Cutmix()])
def test_images_and_targets_are_mixed_alike(mixing: Mixing) -> None:
    images, targets = Targets(3, 0.0, mixing)(IMAGES, Y, Generator().manual_seed(0))
    expected = mixing(IMAGES, F.one_hot(Y, 3).float(), Generator().manual_seed(0))
    torch.testing.assert_close(images, expected[0])
    torch.testing.assert_close(targets, expected[1])
    assert not torch.equal(images, IMAGES)


@pytest.mark.parametrize("settings", [{"mixing": {"name": "mixup", "alpha": 0.2}}, {"label_smoothing": 0.2}])
def test_a_run_learns_from_soft_targets(data: Data, settings: dict[str, Any]) -> None:
    plain, soft = (_last(data, **more) for more in ({}, settings))
    assert soft.validation_accuracy > 0.8
    assert soft.validation_loss != plain.validation_loss
    assert math.isfinite(soft.train_loss)


def _last(data: Data, **settings: Any) -> EpochRecord:
    events = run(epochs=6, seeds=1, **settings).events(data)
    return [report for _, report in events if isinstance(report, EpochRecord)][-1]


def test_formulas_for_labels_refuse_soft_targets() -> None:
    card = {"kind": "points", "shape": [2], "classes": ["a", "b"]}
    for settings, message in (
        ({"label_smoothing": 0.1}, r"r\.label_smoothing: found 0\.1, allowed: none with formulas"),
        ({"mixing": {"name": "mixup"}}, r"r\.mixing: found mixup, allowed: none on points"),
    ):
        with pytest.raises(ConfigError, match=message):
            checks.trainable(perceptron("by_hand", **settings), card, {"mlp.runs.r": {}})
