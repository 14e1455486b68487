"""A compact figure has every word, every picture to the pixel, and every place to a hundredth of a point."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from rdfia.report.engine.compact import SVG, compact, picture

RNG = np.random.default_rng(0)


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "png")
    return content.getvalue()


def written(pixels: np.ndarray) -> str:
    """What matplotlib writes: names, a style for each element, six decimals, a transform that turns nothing."""
    picture = base64.b64encode(png(pixels)).decode()
    style = 'style="fill: none; stroke: #1d2330"'
    return f"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" height="9pt">
<metadata><a>date</a></metadata>
<g id="figure_1"><g id="axes_1">
<path id="line" d="M 1.234567 0
L 33.500000 4.999999
z
" {style}/><path d="M 2 2 L 2 2 M 12.5 3 L 12.51 3" {style}/>
<use xlink:href="#line" x="3.141592"/>
<text transform="rotate(-0 5 5)" x="5.111111">a &lt; 0.123456 "b" 'c'</text>
<text transform="rotate(-90 5 5)">up</text>
<g clip-path="url(#clip)">
<image xlink:href="data:image/png;base64,{picture}" transform="matrix(1.234567 0 0 1 0 0)"/></g>
</g></g>
<defs><clipPath id="clip"><rect x="1.999999" width="5"/></clipPath></defs>
</svg>"""


def test_what_is_drawn_stays_and_the_rest_goes() -> None:
    svg = written(np.zeros((2, 2, 4), dtype=np.uint8))
    short = compact(svg.encode()).decode()
    root = ElementTree.fromstring(short)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a < 0.123456 \"b\" 'c'", "up"]
    assert [path.get("d") for path in root.iter(f"{SVG}path")] == ["M1.23 0L33.50 4.99z", "M2 2h0M12.5 3L12.51 3"]
    assert re.findall(r'transform="([^"]*)"', short) == ["rotate(-90 5 5)", "matrix(1.234567 0 0 1 0 0)"]
    assert set(re.findall(r' id="([^"]*)"', short)) == {"line", "clip"}
    assert short.count("stroke: #1d2330") == 1
    assert short.count('class="s') == 2
    assert "date" not in short
    assert len(list(root.iter(f"{SVG}g"))) == 1


def test_a_picture_is_the_same_to_the_pixel() -> None:
    noise, flat = (RNG.integers(0, most, (40, 30, 4), dtype=np.uint8) for most in (256, 2))
    for pixels in (noise, 200 * flat):
        kind, content = re.fullmatch(r"data:image/(\w+);base64,(.*)", picture(png(pixels))).groups()  # type: ignore[union-attr]
        found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA"))
        assert np.array_equal(found, pixels)
        assert len(content) <= 4 * (len(png(pixels)) + 2) // 3 + 3
        assert kind in ("png", "webp")


def test_twice_is_once() -> None:
    once = compact(written(RNG.integers(0, 256, (9, 9, 4), dtype=np.uint8)).encode())
    assert len(compact(once)) <= len(once) + len("<style></style>")
