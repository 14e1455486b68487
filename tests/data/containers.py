"""Small data sets of class folders: in a folder, a tar or a zip archive."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

Files = dict[str, bytes]
Packer = Callable[[Path, Files], Path]


def png(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(colour: object, size: tuple[int, int] = (4, 4), mode: str = "RGB") -> bytes:
    return png(Image.new(mode, size, colour))


def dataset(count: int = 3, test: int = 2) -> Files:
    """Return two classes whose images have distinct greys: 10 * number, plus 100 for the class `dog`."""
    files = {}
    for part, images in (("train", count), ("test", test)):
        for offset, name in ((0, "cat"), (100, "dog")):
            for i in range(images):
                files[f"{part}/{name}/{i:02}.png"] = plain((10 * i + offset,) * 3)
    return files


def folder(path: Path, files: Files) -> Path:
    for name, content in files.items():
        target = path / "data" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path / "data"


def tar(path: Path, files: Files, kind: str = "tar") -> Path:
    target = path / f"data.{kind}"
    with tarfile.open(target, "w:gz" if kind.endswith("gz") else "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target


def tgz(path: Path, files: Files) -> Path:
    return tar(path, files, "tgz")


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path / "data.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path / "data.zip"
