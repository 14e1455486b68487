"""The stage `prepare` on a user's images: what it says, what it writes, and that a failure writes nothing."""

import hashlib
import json
import os
from pathlib import Path

import pytest
import yaml

from rdfia.config import PARAMS, ConfigError, load
from rdfia.data import spectra
from rdfia.record import layout
from rdfia.study import pipeline
from stages import prepare
from tests.data.containers import Files, dataset, folder, plain


def prepared(root: Path, monkeypatch: pytest.MonkeyPatch, files: Files) -> dict[str, object]:
    """Prepare the images of a folder; return their card."""
    monkeypatch.chdir(root)
    path = folder(root, files)
    strange = os.fsencode(path) + b"/train/caf\xe9"
    os.mkdir(strange)
    for i in range(2):
        Path(os.fsdecode(strange + b"/%d.png" % i)).write_bytes(plain((i, 2, 3), (1, 1)))
    data = {"pets": {"source": {"name": "folders", "path": "data"}, "validation": 3}}
    params = {"profile": "own", "profiles": {"own": {"data": {"pets": {}}}}, "data": data}
    (root / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    prepare.main("pets")
    card: dict[str, object] = json.loads((root / "reports/own/data/pets.json").read_text("utf-8"))
    return card


def test_what_is_odd_is_said_and_kept_in_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: plain((i, 1, 1), (1, 1)) for i, name in enumerate(dataset())}
    files |= {"val/cat/0.png": b"", "test/dog/01.png": files["train/cat/00.png"]}
    card = prepared(tmp_path, monkeypatch, files)
    assert card["classes"] == ["caf\\xe9", "cat", "dog"]
    assert (card["skipped"], card["duplicates"], card["label"]) == ({"val/": 1}, 1, "images of data")
    assert capsys.readouterr().out.splitlines() == [
        "pets: images of data, {'train': 5, 'validation': 3, 'test': 4}",
        "pets: 1 file skipped: 1 in val/",
        "pets: 1 of 4 test images are in train too",
        "pets: patch_zca is not shown: normalise.kernel_size: found 3, allowed: at most 1",
        "pets: blur is not shown: augment.blur.kernel_size: found 5, allowed: at most 1",
    ]


def test_the_hash_of_the_contact_sheets_lies_where_the_report_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(tmp_path, monkeypatch, {name: plain((i, 1, 1), (1, 1)) for i, name in enumerate(dataset())})
    path, sheets = layout.sheets_hash("own", "pets"), layout.sheets("own", "pets").read_bytes()
    assert path.read_text("utf-8") == hashlib.sha256(sheets).hexdigest() + "\n"
    stages = yaml.safe_load(pipeline.text(load(Path(__file__).parents[2] / PARAMS)))["stages"]
    outs = [name for out in stages["prepare"]["outs"] for name in out]
    assert str(layout.sheets_hash("${item.profile}", "${item.dataset}")) in outs
    assert str(layout.sheets_hash("${item.profile}", "any").parent) in stages["report"]["deps"]


def test_statistics_for_which_memory_is_short_name_the_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectra, "DOUBLES", 2**50)
    files = {name: plain(0, (1, 1)) for name in dataset()}
    with pytest.raises(ConfigError, match=r"^params\.yaml: data\.pets: whitening \d+ images .* smaller images$"):
        prepared(tmp_path, monkeypatch, files)


def test_bad_images_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {name: plain(0, (1, 1)) for name in dataset()} | {"train/cat/00.png": b"", "train/cat/01.png": b"x"}
    with pytest.raises(ConfigError, match="2 of 12 images cannot be used"):
        prepared(tmp_path, monkeypatch, files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "params.yaml"]
