"""Iteration over the files of a folder, a tar or a zip archive, without unpacking it onto the disk."""

import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from rdfia.config import ConfigError

TARS = (".tar", ".tar.gz", ".tgz")
KINDS = ", ".join((*TARS, ".zip"))
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, zlib.error)
Predicate = Callable[[PurePosixPath], bool]
Entry = tuple[PurePosixPath, bytes | None]


def entries(path: Path, wanted: Predicate) -> Iterator[Entry]:
    """Yield each wanted file's path inside and its bytes; folders, also those of unwanted files, with None."""
    if not path.exists():
        raise ConfigError(f"path: found {path}, which does not exist, allowed: a folder or an archive ({KINDS})")
    for inside, read in _members(path):
        if read is None or not wanted(inside):
            yield (inside if read is None else inside.parent), None
        else:
            yield inside, _content(path, inside, read)


def _content(path: Path, inside: PurePosixPath, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except DAMAGE as error:
        raise ConfigError(f"{path}: {inside} cannot be read: {' '.join(str(error).split())}") from None


def _members(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes] | None]]:
    """Yield every file with a function that reads it, and every folder with None."""
    name = path.name.lower()
    if not (path.is_dir() or name.endswith((*TARS, ".zip"))):
        raise ConfigError(f"path: found {path}, allowed: a folder or an archive ({KINDS})")
    try:
        yield from _directory(path) if path.is_dir() else _zip(path) if name.endswith(".zip") else _tar(path)
    except DAMAGE as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None


def _directory(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes] | None]]:
    for folder, folders, files in os.walk(path, followlinks=True):
        folders.sort()
        inside = PurePosixPath(Path(folder).relative_to(path).as_posix())
        yield inside, None
        for name in sorted(files):
            yield inside / name, (Path(folder) / name).read_bytes


def _tar(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes] | None]]:
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None or member.isdir():
                yield PurePosixPath(member.name), content.read if content else None
        archive.fileobj.seek(archive.offset)  # tarfile accepts a truncated file as complete
        if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("the end is missing")


def _zip(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes] | None]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            read = None if member.is_dir() else (lambda name=member: archive.read(name))
            yield PurePosixPath(member.filename), read
