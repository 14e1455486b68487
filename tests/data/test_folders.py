"""Class folders: every supported layout and colour mode, and one-line errors for everything else."""

from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image

from rdfia.config import ConfigError
from rdfia.data.folders import Folders
from rdfia.data.sources import Dataset
from tests.data.containers import Files, Packer, dataset, folder, plain, png, tar, tgz, zipped


@pytest.mark.parametrize("pack", [folder, tar, tgz, zipped])
@pytest.mark.parametrize("around", ["", "./", "my data/"])
def test_every_container_gives_the_same_data(tmp_path: Path, pack: Packer, around: str) -> None:
    path = pack(tmp_path, {around + name: content for name, content in reversed(dataset().items())})
    before = sorted(tmp_path.rglob("*"))
    raw = Folders(path=str(path)).load(tmp_path)
    assert raw.classes == ("cat", "dog")
    assert raw.test.x[:, 0, 0, 0].tolist() == [0, 10, 100, 110]
    assert raw.test.y.tolist() == [0, 0, 1, 1]
    assert sorted(raw.train.x[:, 0, 0, 0].tolist()) == [0, 10, 20, 100, 110, 120]
    assert torch.equal((raw.train.x[:, 0, 0, 0] >= 100).long(), raw.train.y)
    assert sorted(tmp_path.rglob("*")) == before


def test_train_is_interleaved_by_the_seed(tmp_path: Path) -> None:
    path = str(folder(tmp_path, dataset(20)))
    first, again, other = (Folders(path=path, seed=seed).load(tmp_path).train.y.tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert first != sorted(first)


def test_without_test_a_stratified_share_becomes_the_test_split(tmp_path: Path) -> None:
    path = folder(tmp_path, dataset(10, 0))
    raw = Folders(path=str(path), test_share=0.3).load(tmp_path)
    assert torch.bincount(raw.test.y).tolist() == [3, 3]
    assert torch.bincount(raw.train.y).tolist() == [7, 7]
    assert len(torch.cat((raw.train.x, raw.test.x))[:, 0, 0, 0].unique()) == 20


def test_other_files_are_ignored(tmp_path: Path) -> None:
    strange = ("train/.DS_Store", "train/cat/Thumbs.db", "train/cat/._00.png", "train/note.txt", "train/loose.png")
    others = dict.fromkeys((*strange, "__MACOSX/train/cat/._00.png", "train/.git/a.png", "read.me"), b"x")
    raw = Folders(path=str(zipped(tmp_path, dataset() | others))).load(tmp_path)
    assert raw.classes == ("cat", "dog")
    assert len(raw.train) == 6


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (plain(200, mode="L"), (200, 200, 200)),
        (plain((1, 2, 3, 255), mode="RGBA"), (1, 2, 3)),
        (plain((1, 2, 3, 0), mode="RGBA"), (255, 255, 255)),
        (plain((50, 0), mode="LA"), (255, 255, 255)),
        (png(Image.new("RGB", (4, 4), (255, 0, 0)).quantize(4)), (255, 0, 0)),
        (png(Image.new("CMYK", (4, 4), (0, 0, 0, 0)), "TIFF"), (255, 255, 255)),
        (png(Image.fromarray(numpy.full((4, 4), 128 * 256, dtype=numpy.uint16))), (128, 128, 128)),
        (plain(1, mode="1"), (255, 255, 255)),
        (png(Image.new("RGB", (4, 4), (0, 0, 255)), "GIF"), (0, 0, 255)),
    ],
    ids=["grey", "opaque", "clear", "clear grey", "palette", "cmyk", "16 bit", "bilevel", "gif"],
)
def test_every_colour_mode_becomes_eight_bit_rgb(tmp_path: Path, content: bytes, expected: tuple[int, ...]) -> None:
    files = dataset() | {f"test/dog/{i:02}.png": content for i in range(2)}
    raw = Folders(path=str(folder(tmp_path, files))).load(tmp_path)
    assert raw.test.x.dtype == torch.uint8
    assert raw.test.x[-1, :, 0, 0].tolist() == list(expected)


def test_grey_mode_gives_one_channel(tmp_path: Path) -> None:
    assert Folders(path=str(folder(tmp_path, dataset())), mode="L").load(tmp_path).train.x.shape == (6, 1, 4, 4)


def test_photographs_are_rotated_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees to the right
    left_white = Image.fromarray(numpy.array([[255, 0], [255, 0]], dtype=numpy.uint8).repeat(8, 0).repeat(8, 1))
    files = dataset() | {"test/dog/01.png": png(left_white, "JPEG", exif=exif)}
    image = Folders(path=str(folder(tmp_path, files)), size=4).load(tmp_path).test.x[-1, 0].float()
    assert image[0].min() > 200
    assert image[3].max() < 50


def test_size_resizes_the_shorter_side_and_crops_the_centre(tmp_path: Path) -> None:
    wide = Image.new("RGB", (40, 8), "black")
    wide.paste("white", (16, 0, 24, 8))
    files = dataset() | {"test/dog/01.png": png(wide)}
    raw = Folders(path=str(folder(tmp_path, files)), size=8).load(tmp_path)
    assert raw.train.x.shape == (6, 3, 8, 8)
    assert raw.test.x[-1].min() == 255


def _without(files: Files, *starts: str) -> Files:
    return {name: content for name, content in files.items() if not name.startswith(starts)}


ODD = {
    "corrupt": (dataset() | {"train/cat/00.png": plain(0, mode="L")[:40]}, r"train/cat/00.png: not a readable image"),
    "odd size": (dataset() | {"train/cat/01.png": plain(0, (6, 5), "L")}, r"01.png: found 6x5 pixels, allowed: 4x4"),
    "empty class": (dataset() | {"train/emu/a.txt": b""}, r"class train/emu is empty"),
    "empty test class": (dataset() | {"test/emu/a.txt": b""}, r"class test/emu is empty"),
    "unknown class": (dataset() | {"test/emu/0.png": plain(0, mode="L")}, r"test/emu is no class of train"),
    "no image": ({"train/cat/a.txt": b"", "train/dog/a.txt": b""}, r"found no image"),
    "no train": (_without(dataset(), "train"), r"found no train/<class>/"),
    "one class": (_without(dataset(), "train/dog", "test/dog"), r"found one class \(cat\)"),
    "two roots": ({f"{root}/{name}": c for root in "ab" for name, c in dataset(1).items()}, r"below a and b"),
}


@pytest.mark.parametrize("pack", [folder, tgz, zipped])
@pytest.mark.parametrize("odd", ODD)
def test_an_unusable_dataset_is_a_one_line_error(tmp_path: Path, pack: Packer, odd: str) -> None:
    files, message = ODD[odd]
    with pytest.raises(ConfigError, match=message) as caught:
        Folders(path=str(pack(tmp_path, files))).load(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_experiment_in_a_copy_reads_the_projects_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path, dataset()).relative_to(tmp_path)
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    with pytest.raises(ConfigError, match="does not exist"):
        Folders(path=str(path)).load(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert Folders(path=str(path)).load(tmp_path).classes == ("cat", "dog")


def test_a_missing_path_is_a_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Folders(path=str(tmp_path / "none")).load(tmp_path)
    text = tmp_path / "data.rar"
    text.write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"data\.rar, allowed: a folder or an archive"):
        Folders(path=str(text)).load(tmp_path)


@pytest.mark.parametrize("pack", [tar, tgz, zipped])
@pytest.mark.parametrize("keep", [0.0, 0.02, 0.5])
def test_a_damaged_archive_is_a_one_line_error(tmp_path: Path, pack: Packer, keep: float) -> None:
    path = pack(tmp_path, dataset(40))
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ConfigError, match=r"cannot be read|not a readable image|found no train"):
        Folders(path=str(path)).load(tmp_path)


def test_a_share_without_a_single_test_image_is_an_error(tmp_path: Path) -> None:
    path = folder(tmp_path, dataset(2, 0))
    with pytest.raises(ConfigError, match=r"test_share: found 0\.01"):
        Folders(path=str(path), test_share=0.01).load(tmp_path)


@pytest.mark.parametrize(("images", "allowed"), [(20, "at most 0.95 of 40 images, so that"), (1, "a folder test/")])
def test_a_share_that_leaves_a_class_without_images_names_its_key(tmp_path: Path, images: int, allowed: str) -> None:
    files = {f"train/{kind}/{i}.png": plain(0, (1, 1)) for kind in ("cat", "dog") for i in range(images)}
    source = Folders(path=str(folder(tmp_path, files)), test_share=0.99)
    said = rf"^params.yaml: data\.d\.source\.test_share: found 0\.99, allowed: {allowed}"
    with pytest.raises(ConfigError, match=said):
        Dataset(source=source, validation=1).prepare("d", tmp_path)


def test_images_are_called_by_their_folder_or_their_label(tmp_path: Path) -> None:
    assert Folders(path="photos/flowers.tar.gz").label == "images of flowers"
    assert Folders(path=".").label == "class folders"
    path = str(zipped(tmp_path, dataset()))
    sources = (Folders(path=path), Folders(path=path, label="my cats"))
    cards = [Dataset(source=one, validation=2, size=8).prepare("pets", tmp_path)[1] for one in sources]
    assert [card["label"] for card in cards] == ["images of data, 8×8 pixels", "my cats, 8×8 pixels"]
    assert [card["stands_for"] for card in cards] == [None, None]
    copied = Folders(path=path, copy_of="cifar10")
    assert Dataset(source=copied, validation=2).prepare("pets", tmp_path)[1]["stands_for"] == "cifar10"
    assert Dataset(source=copied, validation=2, size=8).prepare("pets", tmp_path)[1]["stands_for"] is None


@pytest.mark.parametrize("pack", [folder, tgz, zipped])
@pytest.mark.parametrize("around", ["", "my data/"])
def test_skipped_files_are_counted_by_kind(tmp_path: Path, pack: Packer, around: str) -> None:
    others = {"train/cat/a.avif": b"", "test/dog/b.AVIF": b"", "train/dog/c.heic": b"", "train/cat/note": b""}
    others |= {"val/cat/0.png": b"", "val/dog/0.png": b"", "read.me": b"", "train/loose.png": b""}
    hidden = dict.fromkeys(("train/cat/.DS_Store", "train/cat/Thumbs.db", "__MACOSX/train/cat/._0.png"), b"")
    files = {around + name: content for name, content in (dataset() | others | hidden).items()}
    raw = Folders(path=str(pack(tmp_path, files))).load(tmp_path)
    counts = {".avif": 2, ".heic": 1, "val/": 2, ".me": 1, "files without an ending": 1, "images in no class": 1}
    assert raw.remarks["skipped"] == counts


def test_images_in_train_and_test_are_counted(tmp_path: Path) -> None:
    files = {name: plain((i, 0, 0)) for i, name in enumerate(dataset())}  # no two are equal
    path = folder(tmp_path, files)
    assert Folders(path=str(path)).load(tmp_path).remarks == {}
    for name in ("test/cat/00.png", "test/dog/01.png"):
        (path / name).write_bytes(files["train/cat/02.png"])
    assert Folders(path=str(path)).load(tmp_path).remarks == {"duplicates": 2}


def test_a_share_kept_for_the_test_is_searched_for_duplicates_too(tmp_path: Path) -> None:
    files = {f"train/{name}/{i}.png": plain(50) for name in ("cat", "dog") for i in range(4)}
    raw = Folders(path=str(folder(tmp_path, files)), test_share=0.25).load(tmp_path)
    assert raw.remarks == {"duplicates": 2}


def test_a_class_that_differs_by_capitals_is_named(tmp_path: Path) -> None:
    files = {name.replace("train/cat", "train/Cat"): content for name, content in dataset().items()}
    with pytest.raises(ConfigError, match=r"test/cat is no class of train/ \(train/Cat is written otherwise\)"):
        Folders(path=str(zipped(tmp_path, files))).load(tmp_path)


def test_an_error_names_what_there_is_instead(tmp_path: Path) -> None:
    files = {name.replace("train/", "Train/"): content for name, content in dataset(test=0).items()}
    with pytest.raises(ConfigError, match=r"found no train/<class>/ \(6 in Train/\)"):
        Folders(path=str(zipped(tmp_path, files))).load(tmp_path)
