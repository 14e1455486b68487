"""One image file of any kind to uint8 pixels: upright, opaque, eight bits, three channels or one."""

import io
from typing import TYPE_CHECKING, Literal

import numpy

from rdfia.config import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

Mode = Literal["RGB", "L"]
Pixels = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]


def decode(content: bytes, where: str, mode: Mode, size: int | None = None) -> Pixels:
    """Pixels (H, W, C) of an image; with `size`, the shorter side is brought to it and the centre is cut out."""
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
    """Sixteen bits to eight by the higher byte; Pillow alone would cut everything above 255."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    values = numpy.asarray(image).astype(numpy.int64)
    return Image.fromarray((values.clip(0, 65535) >> 8).astype(numpy.uint8))


def _opaque(image: "Image") -> "Image":
    """Transparent pixels show white; what colour a file keeps below them is arbitrary."""
    from PIL import Image

    if not image.has_transparency_data:
        return image
    colours = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
