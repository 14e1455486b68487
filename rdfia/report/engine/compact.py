"""A figure's SVG in half the bytes and the same picture: what matplotlib writes out each time is written once.

Coordinates are hundredths of a point; groups and names that nothing refers to go; a style that occurs twice is a class;
pictures are WebP without loss.
"""

import base64
import io
import re
from collections import Counter
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
COORDINATES = ("d", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "points")
PICTURE = "data:image/png;base64,"
Element = ElementTree.Element


def compact(svg: bytes) -> bytes:
    """Return the same drawing in fewer bytes."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        _shorten(element)
    used = set(re.findall(r"#([\w-]+)", " ".join(value for each in root.iter() for value in each.attrib.values())))
    styles = Counter(each.get("style", "") for each in root.iter())
    classes = {style: f"s{place}" for place, (style, count) in enumerate(styles.items()) if style and count > 1}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        if (style := element.get("style")) in classes:
            del element.attrib["style"]
            element.set("class", classes[style])
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    body = "".join(_written(child) for child in root)
    head = "".join(f" {name}={quoteattr(value)}" for name, value in root.attrib.items())
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {spaces}{head}><style>{rules}</style>{body}</svg>".encode()


def _shorten(element: Element) -> None:
    """Shorten what an element says of itself."""
    for name in COORDINATES:
        if name in element.attrib:
            value = re.sub(r"(?<=\.\d\d)\d+", "", element.attrib[name]).replace(".00", "")
            value = re.sub(r"(?<=[MLQCz])\s+|\s+(?=[MLQCz])", "", value.strip())
            element.attrib[name] = re.sub(r"M([^ML]+)L\1(?=M|$)", r"M\1h0", value)
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    link = element.get(f"{LINK}href", "")
    if link.startswith(PICTURE):
        element.set(f"{LINK}href", picture(base64.b64decode(link.removeprefix(PICTURE))))


def picture(png: bytes) -> str:
    """Return a picture as a data URI: a lossless WebP where that is shorter than the PNG."""
    written = io.BytesIO()
    Image.open(io.BytesIO(png)).save(written, "webp", lossless=True, exact=True, quality=75, method=3)
    kind, content = min(("png", png), ("webp", written.getvalue()), key=lambda each: len(each[1]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _written(element: Element) -> str:
    """Write an element without space between; a group that says nothing of itself is its children."""
    name = element.tag.removeprefix(SVG)
    inside = escape((element.text or "").strip()) + "".join(_written(child) for child in element)
    if name == "metadata" or (name in ("g", "defs") and not inside):
        return ""
    if name == "g" and not element.attrib:
        return inside
    said = "".join(f" {key.replace(LINK, 'xlink:')}={quoteattr(value)}" for key, value in element.attrib.items())
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"
