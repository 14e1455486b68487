"""A figure's SVG in a third of the bytes and the same to the eye: what matplotlib writes out each time is written once.

Paths are steps in tenths of a point; groups and names that nothing refers to go, and the other names are short; a style
that occurs twice is a class; pictures are WebP. Quotes are single ones, so that a page can have it in an attribute.
"""

import base64
import io
import re
from collections import Counter
from functools import cache
from itertools import cycle, groupby
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from PIL import Image

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
COORDINATES = ("x", "y", "x1", "y1", "x2", "y2", "width", "height", "points")
DECIMALS = re.compile(r"-?\d+\.\d+")
COMMAND = re.compile(r"([MLQCz])([^MLQCz]*)")
NAME = re.compile(r"#([\w-]+)")
PICTURE = "data:image/png;base64,"
Element = ElementTree.Element


def compact(svg: bytes) -> bytes:
    """Return the same drawing in fewer bytes."""
    root = ElementTree.fromstring(svg)
    for element in root.iterfind(".//*"):
        _shorten(element)
    _rename(root)
    styles = Counter(each.get("style", "") for each in root.iter())
    classes = {style: f"s{place}" for place, (style, count) in enumerate(styles.items()) if style and count > 1}
    for element in root.iter():
        if (style := element.get("style")) in classes:
            del element.attrib["style"]
            element.set("class", classes[style])
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    spaces = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
    return f"<svg {spaces}{_quoted(root.attrib)}><style>{rules}</style>{_inside(root)}</svg>".encode()


def _shorten(element: Element) -> None:
    """Shorten what an element says of itself."""
    said = element.attrib
    said |= {name: _rounded(said[name]) for name in COORDINATES if name in said}
    if "d" in said:
        said["d"] = steps(said["d"])
    if "style" in said:
        said["style"] = said["style"].replace("'", "")
    turn = said.get("transform", "")
    if turn.startswith(("rotate(0 ", "rotate(-0 ")):
        del said["transform"]
    elif turn.startswith("rotate("):
        said["transform"] = _rounded(turn)
    link = said.get(f"{LINK}href", "")
    if link.startswith(PICTURE):
        said[f"{LINK}href"] = picture(base64.b64decode(link.removeprefix(PICTURE)))


def _rounded(text: str) -> str:
    """Return a text with its decimals in tenths."""
    return DECIMALS.sub(lambda found: _decimal(round(10 * float(found[0]))), text)


@cache
def _decimal(tenths: int) -> str:
    """Return so many tenths without a zero that says nothing."""
    return re.sub(r"^(-?)0\.", r"\1.", f"{tenths / 10:g}")


@cache
def _apart(tenths: int) -> str:
    """Return so many tenths as they may stand behind a number: a minus parts them, too."""
    return _decimal(tenths) if tenths < 0 else f" {_decimal(tenths)}"


def steps(path: str) -> str:
    """Return a path whose points are given by the steps to them.

    A step leads from the tenth of a point where the pen is to that nearest to its end, so that roundings do not add up.
    """
    written, last = "", ""
    pen = start = (0, 0)
    for command, numbers in COMMAND.findall(path):
        ends = [round(10 * float(number)) for number in numbers.split()]
        letter, ways = command.lower(), [end - at for end, at in zip(ends, cycle(pen), strict=False)]
        if letter == "l" and 0 in ways:
            letter, ways = ("h", ways[:1]) if ways[1] == 0 else ("v", ways[1:])
        said = "".join(map(_apart, ways))
        written += said if letter == last or (last, letter) == ("m", "l") else letter + said.lstrip()
        last = letter
        pen = (ends[-2], ends[-1]) if ends else start
        start = pen if command == "M" else start
    return written


def _rename(root: Element) -> None:
    """Shorten the names that something refers to, and remove the others."""
    said = {name for each in root.iter() for value in each.attrib.values() for name in NAME.findall(value)}
    named = {each.attrib.pop("id"): each for each in root.iter() if "id" in each.attrib}
    short = {name: f"i{place}" for place, name in enumerate(name for name in named if name in said)}
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, NAME.sub(lambda found: f"#{short.get(found[1], found[1])}", value))
    for name, new in short.items():
        named[name].set("id", new)


def picture(png: bytes) -> str:
    """Return a picture as a data URI: a lossless WebP where that is shorter than the PNG."""
    written = io.BytesIO()
    Image.open(io.BytesIO(png)).save(written, "webp", lossless=True, exact=True, quality=75, method=3)
    kind, content = min(("png", png), ("webp", written.getvalue()), key=lambda each: len(each[1]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _inside(element: Element) -> str:
    """Write what is in an element, without space between; neighbours that are cut by the same edge are one group."""
    written = escape((element.text or "").strip())
    for (name, said), alike in groupby(element, key=lambda each: (each.tag.removeprefix(SVG), each.attrib)):
        insides = [_inside(each) for each in alike]
        if name == "g" and said.keys() == {"clip-path"}:
            insides = ["".join(insides)]
        written += "".join(_written(name, _quoted(said), inside) for inside in insides)
    return written


def _written(name: str, said: str, inside: str) -> str:
    """Write an element; a group that says nothing of itself is its children."""
    if name == "metadata" or (name in ("g", "defs") and not inside):
        return ""
    if name == "g" and not said:
        return inside
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def _quoted(said: dict[str, str]) -> str:
    """Write what an element says of itself."""
    values = ((key.replace(LINK, "xlink:"), escape(value, {"'": "&apos;"})) for key, value in said.items())
    return "".join(f" {key}='{value}'" for key, value in values)
