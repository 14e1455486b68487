"""What of a folder is read: what lies inside, each file once, nothing beyond; names that can be printed."""

import os
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from rdfia.config import ConfigError
from rdfia.data import archives
from rdfia.data.archives import LINKS, SPECIAL, listing, printable, reader
from rdfia.data.folders import Folders
from tests.data.containers import Packer, dataset, folder, plain, tar, zipped


def everything(inside: PurePosixPath) -> bool:
    return True


def names(path: Path) -> list[str]:
    return [str(member.inside) for member in listing(path, everything).files]


def test_links_inside_the_folder_are_followed_and_each_file_is_read_once(tmp_path: Path) -> None:
    path = folder(tmp_path, {"store/a.png": b"a", "store/b.png": b"b", "train/cat/c.png": b"c"})
    (path / "train" / "dog").symlink_to(path / "store")
    (path / "train" / "cat" / "again.png").symlink_to("c.png")
    found = listing(path, lambda inside: inside.parts[0] == "train")
    with reader(path) as read:
        content = {str(member.inside): read(member) for member in found.files}
    assert content == {"train/cat/c.png": b"c", "train/dog/a.png": b"a", "train/dog/b.png": b"b"}
    assert found.unread == {LINKS: 1}


def test_a_loop_of_links_reads_no_image_twice(tmp_path: Path) -> None:
    path = folder(tmp_path, dataset(4, 0))
    for name in ("train/cat/loop", "train/dog/up", "test"):
        (path / name).symlink_to(path / "train")
    (path / "train" / "self").symlink_to("self")
    raw = Folders(path=str(path), test_share=0.25).load(tmp_path)
    assert (len(raw.train), len(raw.test)) == (6, 2)
    assert raw.remarks["skipped"][LINKS] >= 4
    assert "duplicates" not in raw.remarks


@pytest.mark.parametrize("target", ["file", "folder", "missing", "/dev/zero"])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, target: str) -> None:
    path = folder(tmp_path, dataset())
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(plain(77))
    goal = {"file": outside / "secret.png", "folder": outside, "missing": outside / "none"}.get(target, Path(target))
    (path / "train" / "cat" / "link.png").symlink_to(goal)
    raw = Folders(path=str(path)).load(tmp_path)
    assert len(raw.train) == 6
    assert raw.remarks["skipped"] == {LINKS: 1}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = folder(tmp_path, dataset())
    os.mkfifo(path / "train" / "cat" / "pipe.png")
    raw = Folders(path=str(path)).load(tmp_path)
    assert len(raw.train) == 6
    assert raw.remarks["skipped"] == {SPECIAL: 1}


def test_a_pipe_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.zip")
    with pytest.raises(ConfigError, match=r"data\.zip, allowed: a folder or an archive"):
        Folders(path=str(tmp_path / "data.zip")).load(tmp_path)


def test_links_in_an_archive_are_counted_and_not_followed(tmp_path: Path) -> None:
    path = tar(tmp_path, dataset())
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("train/cat/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert Folders(path=str(path)).load(tmp_path).remarks["skipped"] == {LINKS: 1}


@pytest.mark.parametrize("pack", [tar, zipped])
def test_names_that_lead_out_of_an_archive_write_nothing(tmp_path: Path, pack: Packer) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    names = ("../../evil.png", f"{tmp_path}/evil.png", "train/cat/../../../../evil.png")
    path = pack(inner, dataset() | dict.fromkeys(names, plain(5)))
    before = sorted(tmp_path.rglob("*"))
    raw = Folders(path=str(path)).load(tmp_path)
    assert len(raw.train) == 6
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_that_is_no_utf8_can_be_printed(tmp_path: Path) -> None:
    path = folder(tmp_path, dataset())
    strange = os.fsencode(path) + b"/train/caf\xe9"
    os.mkdir(strange)
    for name in (b"/a\xff.png", b"/b\n.png"):
        Path(os.fsdecode(strange + name)).write_bytes(plain(5))
    raw = Folders(path=str(path)).load(tmp_path)
    assert raw.classes == (r"caf\xe9", "cat", "dog")
    assert len(raw.train) == 8
    assert r"train/caf\xe9/b\n.png" in names(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a/ü b'.png", "a/ü b'.png"), ("a\x1b[0m", r"a\x1b[0m"), ("\udcff", r"\xff")],
)
def test_printable_names(name: str, text: str) -> None:
    assert str(printable(name)) == text
    text.encode()


def test_a_folder_that_cannot_be_listed_is_a_one_line_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object, onerror: object) -> object:
        onerror(PermissionError(13, "Permission denied", "train"))  # type: ignore[operator]
        return iter(())

    monkeypatch.setattr(archives.os, "walk", refused)
    with pytest.raises(ConfigError, match=r"cannot be read: .*Permission denied"):
        listing(folder(tmp_path, dataset()), everything)
