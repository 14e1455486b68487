"""Many images at once: equal bytes on any number of cores, limits before memory is taken, all bad files together."""

import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from rdfia.config import ConfigError
from rdfia.data import decoding, memory
from rdfia.data.folders import Folders
from rdfia.data.images import decode
from rdfia.data.sources import Dataset
from rdfia.data.spectra import spectrum
from tests.data.containers import Packer, dataset, folder, plain, png, tar, tgz, zipped

NOISE = numpy.random.default_rng(0).integers(0, 255, (60, 5, 4, 3), numpy.uint8)
MANY = {f"train/{'ab'[i // 30]}/{i % 30:03}.png": png(Image.fromarray(image)) for i, image in enumerate(NOISE)}


def load(path: Path, **settings: Any) -> Any:
    return Folders(path=str(path), **settings).load(path)


@pytest.mark.parametrize("pack", [folder, tar, tgz, zipped])
def test_any_number_of_processes_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Packer
) -> None:
    path, loaded = pack(tmp_path, MANY), []
    monkeypatch.setattr(decoding, "FEWEST", 5)
    for jobs in (1, 3):
        monkeypatch.setattr(decoding, "cores", lambda jobs=jobs: jobs)
        loaded.append(load(path))
    one, three = loaded
    assert torch.equal(one.train.x, three.train.x)
    assert torch.equal(one.test.x, three.test.x)
    pixels = {decode(content, name, "RGB").transpose(2, 0, 1).tobytes() for name, content in MANY.items()}
    assert {x.numpy().tobytes() for split in (three.train, three.test) for x in split.x} == pixels


@pytest.mark.parametrize("jobs", [1, 3])
def test_bad_files_are_reported_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(decoding, "FEWEST", 5)
    monkeypatch.setattr(decoding, "cores", lambda: jobs)
    bad = {"train/a/001.png": b"no image", "train/a/004.png": MANY["train/a/004.png"][:-30]}
    bad |= {"train/b/000.png": plain(0, (6, 7)), "train/b/029.png": b""}
    with pytest.raises(ConfigError) as caught:
        load(folder(tmp_path, MANY | bad))
    line = str(caught.value)
    assert ": 4 of 60 images cannot be used: train/a/001.png: not a readable image: cannot identify image file;" in line
    assert "; train/b/000.png: found 6x7 pixels, allowed: 4x5 (or set `size`); …" in line
    assert "029" not in line
    assert "BytesIO" not in line


def test_where_no_image_can_be_read_all_are_counted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"10 of 10 images cannot be used: test/cat/00\.png: .*; …$"):
        load(folder(tmp_path, dict.fromkeys(dataset(), b"x")))


def test_an_image_of_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    bomb = png(Image.new("1", (1500, 1000)))
    files = dataset() | {"train/cat/00.png": bomb}
    message = r"00\.png: found over 1 million pixels, allowed: at most `megapixels`"
    with pytest.raises(ConfigError, match=message):
        load(folder(tmp_path, files), size=4, megapixels=1)
    assert load(tmp_path / "data", size=4, megapixels=2).train.x.shape == (6, 3, 4, 4)


def test_pillows_own_limit_stays(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    decode(plain(0), "a", "RGB", megapixels=1)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_large_member_of_an_archive_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = zipped(tmp_path, dataset())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("train/cat/big.png", "w") as file:
        for _ in range(64):
            file.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(ConfigError, match=r"train/cat/big\.png: found 67 MB, allowed: 4 bytes .* `megapixels`"):
        load(path, megapixels=1)
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()


@pytest.mark.parametrize("size", [10**5, 10**9])
def test_memory_is_asked_for_before_it_is_taken(tmp_path: Path, size: int) -> None:
    path = folder(tmp_path, dataset())
    with pytest.raises(ConfigError, match=rf"10 images of {size}x{size} pixels would take about .* GiB.*`size`"):
        load(path, size=size)


def test_images_that_fit_one_by_one_but_not_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path, dataset())
    monkeypatch.setattr(memory, "available", lambda: decoding.COPIES * 10 * 4 * 4 * 3)
    assert len(load(path).train) == 6
    monkeypatch.setattr(memory, "available", lambda: decoding.COPIES * 10 * 4 * 4 * 3 - 1)
    with pytest.raises(ConfigError, match="10 images of 4x4 pixels"):
        load(path)


def test_a_data_set_asks_before_it_resizes(tmp_path: Path) -> None:
    data = Dataset(source=Folders(path=str(folder(tmp_path, dataset()))), validation=2, size=10**6)
    with pytest.raises(ConfigError, match=r"data\.pets\.size: 10 images of 1000000x1000000 pixels would take .* GiB"):
        data.prepare("pets", tmp_path)


def test_a_spectrum_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 2**20)
    train = torch.zeros(3, 3, 100, 100, dtype=torch.uint8)
    with pytest.raises(ConfigError, match="whitening 3 images of 30,000 values"):
        spectrum(train, lambda x: x.float())
    assert spectrum(train[..., :2, :2], lambda x: x.float())["mean"].shape == (3, 2, 2)


def test_progress_is_said_every_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    path = folder(tmp_path, dataset())
    load(path)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(decoding, "PERIOD", 0.0)
    load(path)
    assert capsys.readouterr().err.splitlines()[-1] == f"{path}: 10 of 10 images read"
