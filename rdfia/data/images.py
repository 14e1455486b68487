"""Decoding of an image file of any format to uint8 pixels: upright, opaque, three channels or one."""

import io
from typing import TYPE_CHECKING, Literal

import numpy

from rdfia.config import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

Mode = Literal["RGB", "L"]
PixelArray = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]


def decode(content: bytes, where: str, mode: Mode, size: int | None = None) -> PixelArray:
    """Return the pixels (H, W, C) of an image; with `size`, resize the shorter side to it and crop the centre."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as image:
            flat = _opaque(_eight_bits(ImageOps.exif_transpose(image))).convert(mode)
    except Exception as error:  # damaged files raise errors of many kinds, one or more for each format
        raise ConfigError(f"{where}: not a readable image: {' '.join(str(error).split())}") from None
    if size is not None:
        flat = ImageOps.fit(flat, (size, size), Image.Resampling.BILINEAR)
    pixels = numpy.asarray(flat, dtype=numpy.uint8)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


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
