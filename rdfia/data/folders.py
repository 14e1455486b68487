"""Images of the user: a folder or an archive of train/<class>/* and, optionally, test/<class>/*.

Archives are read member by member in memory; nothing is unpacked onto the disk. Of a folder nothing outside it is read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from rdfia.config import Config, ConfigError
from rdfia.data.archives import Listing, Member, listing
from rdfia.data.decoding import Decoding, decode_all
from rdfia.data.images import MEGAPIXELS, Mode
from rdfia.data.store import RawData, Split, stratified_mask
from rdfia.files import project
from rdfia.words import kinds

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2"})
PARTS = ("train", "test")
LITTER = frozenset({"thumbs.db", "desktop.ini"})


def _title(settings: Mapping[str, Any]) -> str:
    """Return the label of images without one: the name of their folder or archive."""
    name = Path(settings["path"]).name.split(".")[0]
    return f"images of {name}" if name else "class folders"


class Folders(Config):
    """Images in one folder for each class; without test/, a stratified `test_share` of train becomes the test split."""

    name: Literal["folders"] = "folders"
    path: str = Field(min_length=1)
    label: str = Field(default_factory=_title, min_length=1, max_length=80)
    copy_of: Literal["mnist", "cifar10"] | None = Field(None, description="published data whose images these are")
    test_share: float = Field(0.2, gt=0, lt=1)
    size: int | None = Field(None, ge=1)
    mode: Mode = "RGB"
    seed: int = 0
    megapixels: int = Field(MEGAPIXELS, ge=1, le=2000, description="largest image that is read")

    @property
    def stands_for(self) -> str | None:
        """The published data that figures on these images may be laid beside."""
        return self.copy_of

    def load(self, root: Path) -> RawData:
        """Read every image below `path`, which is relative to the project's folder; `root` is not used."""
        path = project() / self.path
        tree = _Tree.of(path)
        classes = tree.check()
        keys = sorted(tree.images)  # by part, class and file name
        pixels, digests = decode_all(
            [tree.images[key] for key in keys], Decoding(path, self.mode, self.size, self.megapixels)
        )
        images = Split(torch.from_numpy(pixels), torch.tensor([classes.index(key[1]) for key in keys]))
        for_test = torch.tensor([key[0] == "test" for key in keys])
        is_train = (~for_test).nonzero().flatten()
        order = is_train[torch.randperm(len(is_train), generator=torch.Generator().manual_seed(self.seed))]
        test, note = for_test.nonzero().flatten(), f"images of {path.name}, its own test"
        if not len(test):
            mask = self._share(images.y[order])
            order, test = order[~mask], order[mask]
            note = f"images of {path.name}, {self.test_share:.0%} of them kept for the test"
        remarks = _remarks(tree.skipped, _shared(torch.from_numpy(digests), order, test))
        return RawData(images[order], images[test], classes, note, remarks=remarks)

    def _share(self, y: Tensor) -> Tensor:
        """Return the mask of the images that become the test split."""
        count, largest = round(self.test_share * len(y)), len(y) - len(y.unique())
        if not 1 <= count <= largest:
            most = floor(1000 * largest / len(y)) / 1000
            few = f"at most {most} of {len(y)} images, so that each class keeps one" if largest else "a folder test/"
            allowed = few if count else f"one of {len(y)} images or more"
            raise ConfigError(f"test_share: found {self.test_share}, allowed: {allowed}")
        return stratified_mask(y, count)


def _shared(digests: Tensor, train: Tensor, test: Tensor) -> int:
    """Return how many test images are in train too, byte for byte."""
    seen = {bytes(row) for row in digests[train].numpy()}
    return sum(bytes(row) in seen for row in digests[test].numpy())


def _remarks(skipped: Counter[str], duplicates: int) -> dict[str, Any]:
    """Return what a card says beside the usual, where there is something to say."""
    remarks: dict[str, Any] = {"skipped": dict(sorted(skipped.items())), "duplicates": duplicates}
    return {key: value for key, value in remarks.items() if value}


@dataclass
class _Tree:
    """The contents of the folder: the classes of each part, each image by (part, class, path), and what is skipped."""

    path: Path
    root: PurePosixPath = field(default_factory=PurePosixPath)
    classes: dict[str, set[str]] = field(default_factory=lambda: {part: set() for part in PARTS})
    images: dict[tuple[str, str, str], Member] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, path: Path) -> "_Tree":
        """List a folder or an archive."""
        tree, contents = cls(path), listing(path, _is_placed_image)
        tree._place(contents.folders)
        tree._sort(contents)
        return tree

    def _place(self, folders: Iterable[PurePosixPath]) -> None:
        """Find the classes; train/ and test/ may be inside one common folder."""
        places = [place for folder in sorted(folders) if not _hidden(folder) and (place := _place(folder))]
        roots = sorted({root for root, _, _ in places})
        if len(roots) > 1:
            raise ConfigError(f"{self.path}: found train/ or test/ below {roots[0]} and {roots[1]}, allowed: one place")
        self.root = roots[0] if roots else self.root
        for _, part, name in places:
            self.classes[part].add(name)

    def _sort(self, contents: Listing) -> None:
        """Tell images from what is skipped; hidden files do not count."""
        for member in contents.files:
            place = _place(member.inside.parent)
            if _hidden(member.inside):
                continue
            if place and _is_image(member.inside):
                self.images[(*place[1:], str(member.inside))] = member
            else:
                self.skipped[self._kind(member.inside)] += 1
        self.skipped += contents.unread

    def _kind(self, inside: PurePosixPath) -> str:
        """Return as what a file is skipped: the folder beside train/ and test/, or the end of its name."""
        below = inside.relative_to(self.root) if inside.is_relative_to(self.root) else inside
        if len(below.parts) > 1 and below.parts[0] not in PARTS:
            return f"{below.parts[0]}/"
        return "images in no class" if _is_image(below) else below.suffix.lower() or "files without an ending"

    def check(self) -> tuple[str, ...]:
        """Return the sorted classes of train; missing, empty or unknown classes are a ConfigError."""
        train, test = self.classes["train"], self.classes["test"]
        if not train:
            raise ConfigError(f"{self.path}: found no train/<class>/{self._else()}, allowed: {_LAYOUT}")
        if not self.images:
            raise ConfigError(f"{self.path}: found no image{self._else()}, allowed: files that end in {_ENDINGS}")
        filled = {key[:2] for key in self.images}
        for part, name in ((part, name) for part, names in self.classes.items() for name in sorted(names)):
            if (part, name) not in filled:
                raise ConfigError(f"{self.path}: class {part}/{name} is empty, allowed: at least one image a class")
        if test - train:
            raise ConfigError(f"{self.path}: {_unknown(min(test - train), train)}")
        if len(train) < 2:
            raise ConfigError(f"{self.path}: found one class ({min(train)}), allowed: at least two")
        return tuple(sorted(train))

    def _else(self) -> str:
        """Return what there is instead, in brackets."""
        return f" ({kinds(self.skipped)})" if self.skipped else ""


_LAYOUT = "train/<class>/* and test/<class>/*"
_ENDINGS = ", ".join(sorted(SUFFIXES))


def _unknown(name: str, train: Iterable[str]) -> str:
    """Return that a class of test is none of train, with the class that differs by capitals alone."""
    alike = [known for known in sorted(train) if known.casefold() == name.casefold()]
    hint = f" (train/{alike[0]} is written otherwise)" if alike else ""
    return f"test/{name} is no class of train/{hint}, allowed: those alone"


def _place(folder: PurePosixPath) -> tuple[PurePosixPath, str, str] | None:
    """Return where train/ or test/ lies, which of both it is, and the class of a folder in it; None elsewhere."""
    depth = next((i for i, part in enumerate(folder.parts[:2]) if part in PARTS), None)
    if depth is None or len(folder.parts) < depth + 2:
        return None
    return PurePosixPath(*folder.parts[:depth]), folder.parts[depth], folder.parts[depth + 1]


def _is_placed_image(inside: PurePosixPath) -> bool:
    return _is_image(inside) and not _hidden(inside) and _place(inside.parent) is not None


def _is_image(inside: PurePosixPath) -> bool:
    return inside.suffix.lower() in SUFFIXES


def _hidden(inside: PurePosixPath) -> bool:
    return inside.name.lower() in LITTER or any(part.startswith((".", "__MACOSX")) for part in inside.parts)
