"""A compact figure has every word, every picture to the pixel, and every place to a tenth of a point."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from rdfia.report.engine.compact import SVG, compact, picture, steps

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
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9.123pt" height="9.123pt">
<metadata><a>date</a></metadata>
<g id="figure_1"><g id="axes_1">
<path id="line" d="M 1.234567 0
L 33.500000 4.999999
z
" {style}/><path d="M 2 2 L 2 2 M 12.5 3 L 12.51 3" {style}/>
<use xlink:href="#line" x="3.141592"/>
<text transform="rotate(-0 5 5)" x="5.111111">a &lt; 0.123456 "b" 'c'</text>
<text transform="rotate(-90 5.111 5)">up</text>
<g clip-path="url(#clip)"><path d="M 1 1 L 3 1" {style}/></g><g clip-path="url(#clip)">
<image xlink:href="data:image/png;base64,{picture}" transform="matrix(1.234567 0 0 1 0 0)"/></g>
</g></g>
<defs><clipPath id="clip"><rect x="1.999999" width="5"/></clipPath></defs>
</svg>"""


def test_what_is_drawn_stays_and_the_rest_goes() -> None:
    svg = written(np.zeros((2, 2, 4), dtype=np.uint8))
    short = compact(svg.encode()).decode()
    root = ElementTree.fromstring(short)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a < 0.123456 \"b\" 'c'", "up"]
    assert [path.get("d") for path in root.iter(f"{SVG}path")] == ["m1.2 0 32.3 5z", "m2 2h0m10.5 1h0", "m1 1h2"]
    assert re.findall(r"transform='([^']*)'", short) == ["rotate(-90 5.1 5)", "matrix(1.234567 0 0 1 0 0)"]
    assert set(re.findall(r" id='([^']*)'", short)) == {"i0", "i1"}
    assert root.find(f".//{SVG}use").get("{http://www.w3.org/1999/xlink}href") == "#i0"  # type: ignore[union-attr]
    assert [each.get("clip-path") for each in root.iter(f"{SVG}g")] == ["url(#i1)"]
    assert short.count("stroke: #1d2330") == 1
    assert short.count("class='s") == 3
    assert "date" not in short
    assert root.get("width") == "9.123pt"


def followed(path: str) -> list[tuple[float, float]]:
    """Every place where a path of steps comes to."""
    places, pen, start, letter = [], (0.0, 0.0), (0.0, 0.0), ""
    words = re.findall(r"[a-z]|-?[\d.]+", path)
    while words:
        letter = words.pop(0) if words[0].isalpha() else {"m": "l"}.get(letter, letter)
        ways = {"h": [0], "v": [1], "z": [], "q": [0, 1] * 2, "c": [0, 1] * 3}.get(letter, [0, 1])
        steps = [(axis, float(words.pop(0))) for axis in ways]
        ends = [pen[axis] + step for axis, step in steps]
        pen = {"h": (ends[0], pen[1]), "v": (pen[0], ends[0])}[letter] if letter in "hv" else (*ends[-2:],) or start
        start = pen if letter == "m" else start
        places.append(pen)
    return places


def test_steps_lead_to_the_places_however_many_they_are() -> None:
    points = np.concatenate([RNG.normal(300, 200, (400, 2)), RNG.normal(300, 0.04, (400, 2)).cumsum(0) % 700])
    lines = "".join(f"L {x:f} {y:f} \n" for x, y in points[1:])
    found = followed(steps(f"M {points[0, 0]:f} {points[0, 1]:f} \n{lines}z\nM 1.26 2 Q 3 4 5.55 6 C 7 8 9 1 2.34 3 z"))
    ends = [*points, points[0], (1.26, 2), (5.55, 6), (2.34, 3), (1.26, 2)]
    assert np.abs(np.array(found) - np.array(ends)).max() < 0.051


def test_a_picture_is_the_same_to_the_pixel() -> None:
    noise, flat = (RNG.integers(0, most, (40, 30, 4), dtype=np.uint8) for most in (256, 2))
    for pixels in (noise, 200 * flat):
        kind, content = re.fullmatch(r"data:image/(\w+);base64,(.*)", picture(png(pixels))).groups()  # type: ignore[union-attr]
        found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA"))
        assert np.array_equal(found, pixels)
        assert len(content) <= 4 * (len(png(pixels)) + 2) // 3 + 3
        assert kind in ("png", "webp")
