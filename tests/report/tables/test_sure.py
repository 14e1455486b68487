"""How sure the effects are: the rows that bits of test images give, and none where no bits are kept."""

from pathlib import Path

import pytest
import torch

from rdfia.analyse import paired
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import Study
from rdfia.analyse.right import packed, read_right
from rdfia.analyse.sure import sure
from rdfia.data.store import save_tensors
from rdfia.record import layout
from rdfia.report.engine.context import Context
from rdfia.report.tables.sure import sure_effects
from tests.report import making, sample

IMAGES = 90
SHARES = {"baseline": 0.7, "standardise": 0.7, "crop_flip": 0.95}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The sample study; of three runs it is kept which images each seed got right, the same for two of them in part."""
    params, generator = sample.write(tmp_path), torch.Generator().manual_seed(0)
    easy = torch.rand(IMAGES, generator=generator)
    for run, share in SHARES.items():
        skills = [0.8 * easy + 0.2 * torch.rand(IMAGES, generator=generator) for _ in range(sample.SEEDS)]
        flags = {str(seed): skill < share for seed, skill in enumerate(skills)}
        save_tensors(packed(flags, IMAGES), tmp_path / layout.right("full", "cnn", run))
    return read_study(params, tmp_path)


def test_runs_with_bits_have_rows_and_those_with_a_reference_an_effect(study: Study) -> None:
    chapter = study.chapters[1]
    rows = {row.run.name: row for row in sure(study, chapter)}
    assert list(rows) == list(SHARES)
    assert rows["baseline"].welch is None
    far, open_still = rows["crop_flip"], rows["standardise"]
    assert far.welch == chapter.effect(far.run)
    assert far.needed is None
    assert far.given_images is not None
    assert far.given_images.low is not None
    assert far.given_images.low > 0
    bits = [read_right(study.root / layout.right("full", "cnn", run)) for run in ("crop_flip", "standardise")]
    apart = [100 * (bits[0][seed].mean() - bits[1][seed].mean()) for seed in ("0", "1", "2")]
    assert far.given_images.mean == pytest.approx(sum(apart) / 3)
    assert open_still.needed is not None
    assert open_still.needed > sample.SEEDS
    assert all(row.new_images is None or row.given_images is not None for row in rows.values())


def test_the_interval_of_other_images_is_never_the_narrower(study: Study) -> None:
    for row in sure(study, study.chapters[1]):
        for wide, narrow in ((row.new_images, row.given_images),) if row.new_images and row.given_images else ():
            assert wide.high is not None
            assert narrow.high is not None
            assert wide.high >= narrow.high


def test_the_table_and_its_caption(study: Study) -> None:
    (table,) = making.tables(sure_effects, Context(study, (), study.chapters[1]))
    assert [row[0] for row in table.rows] == list(SHARES)
    assert f"of the {IMAGES} test examples" in table.caption
    assert f"open: the seeds that would resolve it in {100 * paired.POWER:.0f} % of tries" in table.caption


def test_without_bits_there_is_no_table(study: Study) -> None:
    assert making.tables(sure_effects, Context(study, (), study.chapters[0])) == []


def test_a_pair_has_the_same_seeds(study: Study) -> None:
    path = study.root / layout.right("full", "cnn", "baseline")
    two = {seed: torch.from_numpy(bits) for seed, bits in read_right(path).items() if seed != "1"}
    save_tensors(packed(two, IMAGES), path)
    rows = {row.run.name: row for row in sure(study, study.chapters[1])}
    assert rows["standardise"].given_images is None
    assert rows["crop_flip"].given_images is not None
