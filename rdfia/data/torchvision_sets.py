"""The published datasets, from torchvision: downloaded once and verified by their checksums."""

import hashlib
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch

from rdfia.config import Config, ConfigError
from rdfia.data.store import RawData, Split

MNIST_FILES = "train-images-idx3-ubyte.gz and its three siblings"
MNIST_SHA256 = {  # of the unpacked files, which torchvision reads without a check; it checks the packed ones by MD5
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class Mnist(Config):
    """Handwritten digits: 60,000 train and 10,000 test images of 28x28 grey pixels (LeCun et al. 1998)."""

    label: ClassVar[str] = "MNIST"
    stands_for: ClassVar[str | None] = "mnist"
    train: ClassVar[int] = 60_000
    test: ClassVar[int] = 10_000
    name: Literal["mnist"] = "mnist"

    def load(self, root: Path) -> RawData:
        """Read the files below `root`/MNIST/raw, downloaded where missing; files that are no originals end it."""
        from torchvision.datasets import MNIST

        folder = root / "MNIST" / "raw"
        _check_originals(folder)
        hint = f"put {MNIST_FILES} into {folder}, or choose `source: digits`"
        mirrors = [mirror for mirror in MNIST.mirrors if mirror.startswith("https://")]  # the last of them is not
        secure = type("MNIST", (MNIST,), {"mirrors": mirrors})
        train, test = (_fetch(secure, root, part, hint) for part in (True, False))
        _check_originals(folder)
        classes = tuple(str(digit) for digit in range(10))
        return RawData(_grey(train), _grey(test), classes, "MNIST as published, read by torchvision")


class Cifar10(Config):
    """Ten classes of small photographs: 50,000 train and 10,000 test images of 32x32 pixels (Krizhevsky 2009)."""

    label: ClassVar[str] = "CIFAR-10"
    stands_for: ClassVar[str | None] = "cifar10"
    train: ClassVar[int] = 50_000
    test: ClassVar[int] = 10_000
    name: Literal["cifar10"] = "cifar10"

    def load(self, root: Path) -> RawData:
        """Read the archive below `root`, downloaded where it is missing."""
        from torchvision.datasets import CIFAR10

        hint = f"put cifar-10-python.tar.gz into {root}, or choose `source: objects` or a `folders` source"
        train, test = (_fetch(CIFAR10, root, part, hint) for part in (True, False))
        classes = tuple(train.classes)
        return RawData(_colour(train), _colour(test), classes, "CIFAR-10 as published, read by torchvision")


def _check_originals(folder: Path) -> None:
    """Refuse unpacked files that are cut short or are not the published ones."""
    for name, expected in MNIST_SHA256.items():
        path = folder / name
        if path.is_file() and (found := _sha256(path)) != expected:
            remedy = "delete it: the original is unpacked or downloaded again (other digits: a `folders` source)"
            raise ConfigError(f"{path}: found SHA-256 {found[:12]}…, allowed: MNIST's {expected[:12]}…; {remedy}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(dataset: Any, root: Path, train: bool, hint: str) -> Any:
    """Read one split of a torchvision dataset; a failed download is a ConfigError with a remedy."""
    try:
        return dataset(root, train=train, download=True)
    except (OSError, RuntimeError, EOFError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ConfigError(f"{dataset.__name__}: could not be read or downloaded ({reason}); {hint}") from None


def _grey(dataset: Any) -> Split:
    return Split(dataset.data.unsqueeze(1), dataset.targets.long())  # (N, 28, 28) → (N, 1, 28, 28)


def _colour(dataset: Any) -> Split:
    images = torch.from_numpy(dataset.data).permute(0, 3, 1, 2).contiguous()  # (N, 32, 32, 3) → (N, 3, 32, 32)
    return Split(images, torch.tensor(dataset.targets))
