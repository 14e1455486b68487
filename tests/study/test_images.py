"""Images of the user that change are prepared again, and only then; DVC itself does not see them."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from rdfia.study.images import fingerprint
from tests.project import Project, new


def draw(folder: Path, shade: int = 0) -> Path:
    """Class folders with a few grey images each."""
    for part, count in (("train", 8), ("test", 2)):
        for place, name in enumerate(("daisy", "tulip")):
            (folder / part / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                image = Image.new("RGB", (8, 8), (20 * number + shade, 200 * place, 7))
                image.save(folder / part / name / f"{number}.png")
    return folder


@pytest.fixture
def flowers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return draw(tmp_path / "flowers")


def seen(path: str) -> object:
    return fingerprint({"name": "folders", "path": path}).get("sha256")


def test_a_file_that_is_new_gone_renamed_or_written_again_is_another_listing(flowers: Path) -> None:
    first, image = seen("flowers"), flowers / "train/daisy/0.png"
    assert fingerprint({"name": "folders", "path": "flowers"})["files"] == 20
    assert seen("flowers") == first
    (flowers / ".DS_Store").touch()
    (flowers / "train/.cache").mkdir()
    (flowers / "train/.cache/x").touch()
    assert seen("flowers") == first
    found = [first]
    image.rename(image.with_name("x.png"))
    found.append(seen("flowers"))
    shutil.copy(image.with_name("x.png"), image)
    found.append(seen("flowers"))
    os.utime(image, (0, 0))
    found.append(seen("flowers"))
    (flowers / "test/tulip/1.png").unlink()
    found.append(seen("flowers"))
    image.with_name("x.png").write_bytes(b"other")
    found.append(seen("flowers"))
    assert len(set(found)) == len(found)


def test_an_archive_is_its_own_size_and_time(flowers: Path) -> None:
    with zipfile.ZipFile("flowers.zip", "w") as archive:
        archive.write("flowers/train/daisy/0.png")
    first = fingerprint({"name": "folders", "path": "flowers.zip"})
    assert first["files"] == 1
    os.utime("flowers.zip", (0, 0))
    assert seen("flowers.zip") not in (None, first["sha256"])


def test_what_is_not_there_or_no_path_is_nothing_and_a_copy_looks_in_the_project(
    flowers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fingerprint({"name": "folders", "path": "nowhere"}) == fingerprint({"name": "digits"}) == {}
    first = seen("flowers")
    copy = flowers.parent / "copy"
    copy.mkdir()
    monkeypatch.chdir(copy)
    assert seen("flowers") is None
    monkeypatch.setenv("DVC_ROOT", str(flowers.parent))
    assert seen("flowers") == first


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a data set of class folders, and nothing prepared."""
    made = new(tmp_path_factory.mktemp("project"))
    params = made.params()
    params["data"]["flowers"] = {"source": {"name": "folders", "path": "flowers"}, "validation": 4}
    made.write_params(params)
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


def test_images_are_prepared_again_when_they_change_and_only_then(project: Project) -> None:
    command = ("dvc", "repro", "prepare@tiny-flowers")
    draw(project.root / "flowers")
    assert project.ran(*command) == ["check@tiny", "prepare@tiny-flowers"]
    assert project.ran(*command) == []
    card = (project.root / "reports/tiny/data/flowers.json").read_text()
    project("python", "-m", "rdfia", "check")
    assert project.ran(*command) == []
    draw(project.root / "flowers", shade=3)
    project("python", "-m", "rdfia", "check")
    assert project.ran(*command) == ["check@tiny", "prepare@tiny-flowers"]
    assert (project.root / "reports/tiny/data/flowers.json").read_text() != card
    shutil.rmtree(project.root / "flowers")  # what is prepared stays
    project("python", "-m", "rdfia", "check")
    assert project.ran(*command) == []
    assert (project.root / "data/tiny/flowers/train.safetensors").is_file()
