"""The files of a folder, a tar or a zip archive: listed first, then read one by one; nothing is unpacked."""

import os
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import Any

from rdfia.config import ConfigError

TARS = (".tar", ".tar.gz", ".tgz")
KINDS = ", ".join((*TARS, ".zip"))
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, zlib.error)
LINKS, SPECIAL = "links", "special files"
Predicate = Callable[[PurePosixPath], bool]


@dataclass(frozen=True)
class Member:
    """A file: its path inside as text that can be printed, its bytes when unpacked, and where it is read from."""

    inside: PurePosixPath
    size: int
    origin: Any  # the path in a folder, the TarInfo or ZipInfo in an archive


Read = Callable[[Member], bytes]


@dataclass
class Listing:
    """The files and folders of a folder or an archive; `unread` counts links not followed and special files."""

    files: list[Member] = field(default_factory=list)
    folders: set[PurePosixPath] = field(default_factory=set)
    unread: Counter[str] = field(default_factory=Counter)


def listing(path: Path, wanted: Predicate) -> Listing:
    """List all files and folders. In a folder, a link to a wanted file that is wanted elsewhere too is not followed."""
    kind, contents = _kind(path), Listing()
    fill: dict[str, Callable[[Path, Listing], None]] = {"zip": _zip, "tar": _tar}
    try:
        fill.get(kind, partial(_directory, wanted=wanted))(path, contents)
    except DAMAGE as error:
        raise ConfigError(f"{path}: cannot be read: {_line(error)}") from None
    contents.folders |= {member.inside.parent for member in contents.files}
    return contents


@contextmanager
def reader(path: Path) -> Iterator[Read]:
    """Open a folder or an archive; the function given returns a file's bytes, or raises a ConfigError."""
    kind = _kind(path)
    if kind == "folder":
        yield lambda member: _content(member, member.origin.read_bytes)
    elif kind == "zip":
        with zipfile.ZipFile(path) as archive:
            yield lambda member: _content(member, lambda: archive.read(member.origin))
    else:
        with tarfile.open(path) as tar:
            yield lambda member: _content(member, lambda: _extract(tar, member))


def _extract(archive: tarfile.TarFile, member: Member) -> bytes:
    content = archive.extractfile(member.origin)
    return content.read() if content else b""


def _content(member: Member, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except DAMAGE as error:
        raise ConfigError(f"{member.inside}: cannot be read: {_line(error)}") from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _kind(path: Path) -> str:
    """Return whether a path is a folder, a zip or a tar archive."""
    if not path.exists():
        raise ConfigError(f"path: found {path}, which does not exist, allowed: a folder or an archive ({KINDS})")
    name = path.name.lower()
    if path.is_dir():
        return "folder"
    if not (path.is_file() and name.endswith((*TARS, ".zip"))):
        raise ConfigError(f"path: found {path}, allowed: a folder or an archive ({KINDS})")
    return "zip" if name.endswith(".zip") else "tar"


def printable(name: str) -> PurePosixPath:
    r"""Return a path as text that can be printed and encoded: bytes that are no UTF-8 and control signs as \x…."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return PurePosixPath("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def _directory(root: Path, contents: Listing, wanted: Predicate) -> None:
    """List a folder: what lies in it first, then where its links lead inside it, each file and each folder once."""
    top = root.resolve()  # a walk from here that follows no link meets files by their one real path
    links = _walk(top, PurePosixPath(), contents)
    seen = {top, *(member.origin for member in contents.files if wanted(member.inside))}
    while links:
        inside, link = links.pop(0)
        target = _target(link, top)
        if target is None or target in seen:
            contents.unread[LINKS] += 1
            continue
        linked = Listing()
        if target.is_dir():
            links += _walk(target, inside, linked)
        else:
            _add(target, inside, linked)
        fresh = [member for member in linked.files if member.origin not in seen]
        seen |= {target, *(member.origin for member in fresh if wanted(member.inside))}
        contents.files += fresh
        contents.unread += linked.unread
        contents.unread[LINKS] += len(linked.files) - len(fresh)
    # A file that a link presents where it is wanted is not there a second time.
    contents.files = [member for member in contents.files if wanted(member.inside) or member.origin not in seen]


def _walk(folder: Path, inside: PurePosixPath, contents: Listing) -> list[tuple[PurePosixPath, Path]]:
    """List what lies in a folder as below `inside`; return the links, which are not followed here."""
    links = []
    for at, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        below = Path(at).relative_to(folder)
        contents.folders.add(inside / printable(below.as_posix()))
        for name in sorted((*folders, *files)):
            path, place = Path(at) / name, inside / printable((below / name).as_posix())
            if path.is_symlink():
                links.append((place, path))
            elif name in files:
                _add(path, place, contents)
    return links


def _raise(error: OSError) -> None:
    raise error


def _add(path: Path, inside: PurePosixPath, contents: Listing) -> None:
    """Add a file of a folder; a pipe, a socket or a device is only counted."""
    status = path.lstat()
    if S_ISREG(status.st_mode):
        contents.files.append(Member(inside, status.st_size, path))
    else:
        contents.unread[SPECIAL] += 1


def _target(link: Path, top: Path) -> Path | None:
    """Return where a link ends, None outside the folder `top`, at nothing or in a circle."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return target if target.is_relative_to(top) else None


def _tar(path: Path, contents: Listing) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                contents.files.append(Member(printable(member.name), member.size, member))
            elif member.isdir():
                contents.folders.add(printable(member.name))
            else:
                contents.unread[LINKS if member.issym() or member.islnk() else SPECIAL] += 1
        archive.fileobj.seek(archive.offset)  # tarfile accepts a truncated file as complete
        if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("the end is missing")


def _zip(path: Path, contents: Listing) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                contents.folders.add(printable(member.filename))
            else:
                contents.files.append(Member(printable(member.filename), member.file_size, member))
