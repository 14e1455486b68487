"""The benchmark of training speed at its smallest: the file is whole, and the yardsticks compute what training does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision.transforms as course_transforms
from torch import Generator
from torchvision.transforms import v2

from rdfia import config
from rdfia.bench import throughput, yardsticks
from rdfia.bench.transforms import mixing, transforms
from rdfia.study import runs
from rdfia.train.classifier import build
from rdfia.train.fit import cross_entropy

PARAMS = config.load() | {"profile": "quick"}
LARGE = PARAMS | {"profile": "laptop"}


MEASURE = """
import sys
from pathlib import Path
from rdfia import config
from rdfia.bench import throughput, yardsticks

yardsticks.SIDES = (64, 128)
params = config.load() | {"profile": "quick"}
throughput.measure(Path(sys.argv[1]), params, rounds=1, images=64, names=["crop_flip"])
"""


def test_the_file_is_whole(tmp_path: Path) -> None:
    """In a process of its own, as the command is: what is forked must not inherit threads that others have used."""
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600).stdout
    found = json.loads((tmp_path / "throughput.json").read_text())
    assert list(found["runs"]) == ["crop_flip"]
    for run in found["runs"].values():
        kinds = {f"{kind} {p}" for kind in ("(b)", "ours", "(c)") for p in throughput.PRECISIONS} | {"(a)"}
        assert kinds <= set(run["images_a"])
        assert all(
            one["second"] > 0 and one["processor_second"] > 0 for rounds in run["images_a"].values() for one in rounds
        )
        for precision in throughput.PRECISIONS:
            ratios = [ratio for kinds in run["ratios"][precision].values() for ratio in kinds.values()]
            assert len(ratios) >= 7
            assert all(0 < low <= high for _, low, high in ratios)
    page = (tmp_path / "throughput.md").read_text()
    assert page in printed
    assert page.count("| crop_flip |") == 2


def test_the_courses_loop_computes_the_losses_of_training() -> None:
    run: Any = runs.resolve(PARAMS, "cnn", "standardise")
    data = throughput.pictures(run, 64)
    model = build(run, data.card, data.statistics, Generator().manual_seed(0))
    network = yardsticks.in_the_courses_order(model.network)
    step = yardsticks.course_step(network, torch.optim.SGD(network.parameters(), run.optimiser.learning_rate))
    descent = run.optimiser.over(model.to(memory_format=torch.channels_last).network.parameters())
    change = transforms((), course_transforms.ToTensor(), yardsticks.moments(data), course_transforms)
    for x, y in zip(data.train[0].split(16), data.train[1].split(16), strict=True):
        loss, top1, top5 = step(torch.stack([change(course_transforms.ToPILImage()(image)) for image in x]), y)
        logits = model.logits(model.augmented(x, Generator()))
        ours = cross_entropy(logits, y)
        assert loss == pytest.approx(ours.item(), rel=1e-5)
        assert top1 == pytest.approx((logits.argmax(1) == y).float().mean().item())
        assert top1 <= top5 <= 1
        ours.backward()
        descent.step(1.0)


def test_every_augmentation_of_the_chapter_has_its_transform() -> None:
    names = throughput.augmented(LARGE)
    assert {"standardise", "crop_flip", "affine", "jitter", "erasing", "mixup", "cutmix", "trivial_augment"} <= set(
        names
    )
    for name in names:
        run: Any = runs.resolve(LARGE, "cnn", name)
        data = throughput.pictures(run, 16)
        model = build(run, data.card, data.statistics, Generator().manual_seed(0))
        shape = model.augmented(data.train[0], Generator().manual_seed(0)).shape
        mix, made = mixing(run.mixing, 10), yardsticks.moments(data)
        by_course = transforms(run.augment, course_transforms.ToTensor(), made, course_transforms)
        advised = transforms(run.augment, v2.ToDtype(torch.float32, scale=True), made, v2)
        pictures = [course_transforms.ToPILImage()(image) for image in data.train[0]]
        for change, images in ((by_course, pictures), (advised, data.train[0])):
            x, _ = mix(torch.stack([change(image) for image in images]), data.train[1])  # type: ignore[attr-defined]
            assert x.shape == shape
            assert x.dtype == torch.float32


def test_a_step_of_the_courses_network_takes_134_mflop_an_image() -> None:
    run: Any = runs.resolve(LARGE, "cnn", "standardise")
    assert throughput.step_flops(run, throughput.pictures(run, 16)) == pytest.approx(134e6, rel=0.01)
