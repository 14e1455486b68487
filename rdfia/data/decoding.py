"""All images of a folder or an archive as one array: read and decoded side by side, the same on any number of cores."""

import mmap
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import prod
from pathlib import Path
from time import monotonic

import numpy

from rdfia.config import ConfigError
from rdfia.data import memory
from rdfia.data.archives import Member, Read, reader
from rdfia.data.images import MEGAPIXELS, Mode, PixelArray, decode
from rdfia.parallel import cores, stream_forked

FEWEST = 200  # images for which a process is begun
GROUP = 50  # images from one message to the next
DIGEST = 16  # bytes
PERIOD = 3.0  # seconds between two lines
BYTES = 4  # of a pixel in a file, at most: red, green, blue and opacity
COPIES = 3  # of the images, while they are shuffled and split
SHOWN = 3  # bad files that an error names


@dataclass(frozen=True)
class Decoding:
    """How the images of a path become pixels of one shape."""

    path: Path
    mode: Mode
    size: int | None = None
    megapixels: int = MEGAPIXELS

    def one(self, content: bytes, member: Member) -> PixelArray:
        """Decode an image to (H, W, C)."""
        return decode(content, str(member.inside), self.mode, self.size, self.megapixels)

    def content(self, read: Read, member: Member) -> bytes:
        """Read a file; one that is larger than an image of the most pixels is a ConfigError."""
        if member.size > BYTES * self.megapixels * 1_000_000:
            found = f"{member.inside}: found {member.size / 1e6:,.0f} MB"
            raise ConfigError(f"{found}, allowed: {BYTES} bytes for each of at most `megapixels` million pixels")
        return read(member)

    def shape(self, members: Sequence[Member]) -> tuple[int, int, int]:
        """Return the shape (H, W, C) of all images: that of the first that can be read."""
        if self.size is not None:
            return self.size, self.size, len(self.mode)
        errors = []
        with reader(self.path) as read:
            for member in members:
                try:
                    height, width, channels = self.one(self.content(read, member), member).shape
                except ConfigError as error:
                    errors.append(str(error))
                else:
                    return height, width, channels
        raise self.failure(errors, len(members))

    def failure(self, errors: Sequence[str], count: int) -> ConfigError:
        """Return the error that names the first bad files, and how many there are."""
        several = f"{len(errors)} of {count} images cannot be used: " if len(errors) > 1 else ""
        rest = "; …" if len(errors) > SHOWN else ""
        return ConfigError(f"{self.path}: {several}{'; '.join(errors[:SHOWN])}{rest}")


def decode_all(members: Sequence[Member], decoding: Decoding) -> tuple[PixelArray, PixelArray]:
    """Return the pixels of all images (N, C, H, W), and a digest of each file (N, 16).

    All bad files are reported together. The memory is asked for before it is taken.
    """
    count = len(members)
    # A compressed archive is read from its beginning to its end.
    order = sorted(range(count), key=lambda place: getattr(members[place].origin, "offset_data", place))
    height, width, channels = decoding.shape([members[place] for place in order])
    where = f"{decoding.path}: {count:,} images of {width}x{height} pixels"
    memory.require(COPIES * count * height * width * channels, where, "allowed: a smaller `size`, or fewer images")
    pixels, digests = _shared((count, channels, height, width)), _shared((count, DIGEST))
    jobs = max(min(cores(), count // FEWEST), 1)
    parts = [order[count * job // jobs : count * (job + 1) // jobs] for job in range(jobs)]
    tasks = [partial(_fill, part, members, decoding, pixels, digests) for part in parts]
    errors = _follow(stream_forked(tasks, jobs), decoding.path, count)
    if errors:
        raise decoding.failure([errors[place] for place in sorted(errors)], count)
    return pixels, digests


def _follow(results: Iterator[tuple[int, dict[int, str]]], path: Path, count: int) -> dict[int, str]:
    """Return the errors by the place of the image; say every few seconds how many images are read."""
    errors, done, last = dict[int, str](), 0, monotonic()
    for images, bad in results:
        errors, done = errors | bad, done + images
        if monotonic() - last > PERIOD:
            last = monotonic()
            print(f"{path}: {done:,} of {count:,} images read", file=sys.stderr, flush=True)
    return errors


def _fill(
    places: Sequence[int], members: Sequence[Member], decoding: Decoding, pixels: PixelArray, digests: PixelArray
) -> Iterator[tuple[int, dict[int, str]]]:
    """Decode the images at these places into the arrays; yield now and then how many, and the errors by their place."""
    with reader(decoding.path) as read:
        for start in range(0, len(places), GROUP):
            group, errors = places[start : start + GROUP], {}
            for place in group:
                member = members[place]
                try:
                    content = decoding.content(read, member)
                    image = decoding.one(content, member).transpose(2, 0, 1)  # (H, W, C) → (C, H, W)
                    _check_shape(image, pixels.shape[1:], member)
                except ConfigError as error:
                    errors[place] = str(error)
                else:
                    pixels[place] = image
                    digests[place] = numpy.frombuffer(blake2b(content, digest_size=DIGEST).digest(), numpy.uint8)
            yield len(group), errors


def _check_shape(image: PixelArray, allowed: tuple[int, ...], member: Member) -> None:
    if image.shape != allowed:
        found, wanted = (f"{width}x{height}" for _, height, width in (image.shape, allowed))
        raise ConfigError(f"{member.inside}: found {found} pixels, allowed: {wanted} (or set `size`)")


def _shared(shape: tuple[int, ...]) -> PixelArray:
    """Return an array that forked processes fill for this one."""
    content = mmap.mmap(-1, prod(shape))
    return numpy.frombuffer(content, numpy.uint8).reshape(shape)
