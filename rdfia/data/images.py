"""Decoding of an image file of any format to uint8 pixels: upright, opaque, three channels or one."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy

from rdfia.config import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

Mode = Literal["RGB", "L"]
PixelArray = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]
MEGAPIXELS = 90  # million pixels of one image; Pillow's own limit


def decode(content: bytes, where: str, mode: Mode, size: int | None = None, megapixels: int = MEGAPIXELS) -> PixelArray:
    """Return the pixels (H, W, C) of an image; with `size`, resize the shorter side to it and crop the centre."""
    from PIL import Image, ImageOps

    try:
        with _at_most(megapixels), Image.open(io.BytesIO(content)) as image:
            flat = _opaque(_eight_bits(ImageOps.exif_transpose(image))).convert(mode)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ConfigError(f"{where}: found over {megapixels} million pixels, allowed: at most `megapixels`") from None
    except Exception as error:  # damaged files raise errors of many kinds, one or more for each format
        raise ConfigError(f"{where}: not a readable image: {_reason(error)}") from None
    if size is not None:
        flat = ImageOps.fit(flat, (size, size), Image.Resampling.BILINEAR)
    pixels = numpy.asarray(flat, dtype=numpy.uint8)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


@contextmanager
def _at_most(megapixels: int) -> Iterator[None]:
    """Let Pillow refuse a larger image when it has read its header, before it takes memory for the pixels."""
    from PIL import Image

    usual = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = megapixels * 1_000_000
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = usual


def _reason(error: Exception) -> str:
    """Return an error in one line; where Pillow names the bytes by their address, without that."""
    text = re.sub(r" ?<_io\.BytesIO[^>]*>", "", " ".join(str(error).split()))
    return text or type(error).__name__


def _eight_bits(image: "Image") -> "Image":
    """Convert 16 bits to 8 by the higher byte; Pillow alone would clip at 255."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    values = numpy.asarray(image).astype(numpy.int64)
    return Image.fromarray((values.clip(0, 65535) >> 8).astype(numpy.uint8))


def _opaque(image: "Image") -> "Image":
    """Blend transparent pixels with white; the colour that a file stores for them is arbitrary."""
    from PIL import Image

    if not image.has_transparency_data:
        return image
    colours = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
