"""Images of the user: a folder or an archive of train/<class>/* and, optionally, test/<class>/*.

Archives are read member by member in memory; nothing is unpacked onto the disk.
"""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

import numpy
import torch
from pydantic import Field

from rdfia.config import Config, ConfigError
from rdfia.data.archives import entries
from rdfia.data.images import Mode, PixelArray, decode
from rdfia.data.store import RawData, Split, shuffle, stratified_mask

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2"})


class Folders(Config):
    """Images in one folder for each class; without test/, a stratified `test_share` of train becomes the test split."""

    stands_for: ClassVar[str | None] = None
    name: Literal["folders"] = "folders"
    path: str = Field(min_length=1)
    label: str = "class folders"
    test_share: float = Field(0.2, gt=0, lt=1)
    size: int | None = Field(None, ge=1)
    mode: Mode = "RGB"
    seed: int = 0

    def load(self, root: Path) -> RawData:
        """Read every image below `path`, which is relative to the working folder; `root` is not used."""
        tree = _read(Path(self.path), self.mode, self.size)
        classes = tree.check()
        generator = torch.Generator().manual_seed(self.seed)
        train = shuffle(_stack(tree, "train", classes), generator)
        if tree.classes["test"]:
            note = f"images of {Path(self.path).name}, its own test"
            return RawData(train, _stack(tree, "test", classes), classes, note)
        mask = stratified_mask(train.y, round(self.test_share * len(train)), f"test_share of {self.path}")
        if not mask.any():
            raise ConfigError(f"test_share: found {self.test_share}, allowed: one of {len(train)} images or more")
        note = f"images of {Path(self.path).name}, {self.test_share:.0%} of them kept for the test"
        return RawData(train[~mask], train[mask], classes, note)


@dataclass
class _Tree:
    """The contents of the folder: the classes of each part, and the pixels of each image by (part, class, path)."""

    path: Path
    root: PurePosixPath | None = None
    classes: dict[str, set[str]] = field(default_factory=lambda: {"train": set(), "test": set()})
    images: dict[tuple[str, str, str], PixelArray] = field(default_factory=dict)

    def place(self, inside: PurePosixPath, folder: bool) -> tuple[str, str] | None:
        """Return the part and class of a path, or None; train/ and test/ may be inside one common folder."""
        parts = inside.parts
        depth = next((i for i, part in enumerate(parts[:2]) if part in self.classes), None)
        if depth is None or len(parts) < depth + (2 if folder else 3):
            return None
        root = PurePosixPath(*parts[:depth])
        if self.root not in (None, root):
            raise ConfigError(f"{self.path}: found train/ or test/ below {self.root} and {root}, allowed: one place")
        self.root = root
        return parts[depth], parts[depth + 1]

    def add(self, key: tuple[str, str, str], pixels: PixelArray) -> None:
        """Add an image; a shape that differs from the first image's is a ConfigError."""
        first = next(iter(self.images.values()), pixels)
        if pixels.shape != first.shape:
            found, allowed = (f"{width}x{height}" for height, width, _ in (pixels.shape, first.shape))
            raise ConfigError(f"{self.path}: {key[2]}: found {found} pixels, allowed: {allowed} (or set `size`)")
        self.images[key] = pixels

    def check(self) -> tuple[str, ...]:
        """Return the sorted classes of train; missing, empty or unknown classes are a ConfigError."""
        train, test = self.classes["train"], self.classes["test"]
        if not train:
            raise ConfigError(f"{self.path}: found no train/<class>/, allowed: train/<class>/* and test/<class>/*")
        if not self.images:
            raise ConfigError(f"{self.path}: found no image, allowed: files that end in {', '.join(sorted(SUFFIXES))}")
        filled = {key[:2] for key in self.images}
        for part, name in ((part, name) for part, names in self.classes.items() for name in sorted(names)):
            if (part, name) not in filled:
                raise ConfigError(f"{self.path}: class {part}/{name} is empty, allowed: at least one image a class")
        if test - train:
            raise ConfigError(f"{self.path}: test/{min(test - train)} is no class of train/, allowed: those alone")
        if len(train) < 2:
            raise ConfigError(f"{self.path}: found one class ({min(train)}), allowed: at least two")
        return tuple(sorted(train))


def _read(path: Path, mode: Mode, size: int | None) -> _Tree:
    """Decode every image; without a `size` all images must have the shape of the first."""
    tree = _Tree(path)
    for inside, content in entries(path, _is_image):
        place = None if _hidden(inside) else tree.place(inside, folder=content is None)
        if place is None:
            continue
        tree.classes[place[0]].add(place[1])
        if content is not None:
            tree.add((*place, str(inside)), decode(content, f"{path}: {inside}", mode, size))
    return tree


def _is_image(inside: PurePosixPath) -> bool:
    return inside.suffix.lower() in SUFFIXES and not _hidden(inside)


def _hidden(inside: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in inside.parts)


def _stack(tree: _Tree, part: str, classes: tuple[str, ...]) -> Split:
    """Return the images of a part as uint8 (N, C, H, W), sorted by class and file name."""
    keys = sorted(key for key in tree.images if key[0] == part)
    x = torch.from_numpy(numpy.stack([tree.images[key] for key in keys]))  # (N, H, W, C)
    y = torch.tensor([classes.index(key[1]) for key in keys])
    return Split(x.permute(0, 3, 1, 2).contiguous(), y)
