"""Whatever the parameters say: they train to the end, or one line says what is wrong, and nothing is written.

The long form, some thousand mutations: `RDFIA_MUTATIONS=2000 pytest tests/study/test_mutations.py`.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rdfia import chapters, config
from rdfia.chapters.checks import trainable
from rdfia.command import UNUSABLE, one_line
from rdfia.data.normalise import fit_all
from rdfia.data.sheets import contact_sheets
from rdfia.data.sources import resolve_dataset
from rdfia.study import declaration, pipeline, runs
from rdfia.study.validate import validate
from rdfia.train.run import Data, Run
from tests.project import shrink
from tests.study.mutations import mutations, run_mutations
from tests.train.sample import outcome, recorded

COUNT = int(os.environ.get("RDFIA_MUTATIONS", "0"))
PARAMS = shrink(config.load())
PARAMS["profiles"] = {"tiny": PARAMS["profiles"]["tiny"]}
LARGEST = 1000  # examples of a data set that is prepared here

patient = settings(
    deadline=None,
    derandomize=not COUNT,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def prepared() -> dict[str, Data]:
    """The data sets at their smallest."""
    found = {}
    for name in PARAMS["data"]:
        splits, card = resolve_dataset(PARAMS, name).prepare(name, Path())
        parts = {part: (split.x, split.y) for part, split in splits.items()}
        found[name] = Data(card, fit_all(splits["train"].x), parts["train"], parts["validation"])
    return found


def checked(folder: Path, text: bytes) -> dict[str, Any] | None:
    """The parameters, if the stage `check` would let them pass; else nothing, after one line."""
    path = folder / "params.yaml"
    path.write_bytes(text)
    try:
        with one_line_at_most():
            params = config.load(path)
            validate(params)
            pipeline.text(params)
            for chapter in runs.chapters(params):
                for run in runs.trained(params, chapter):
                    json.dumps(runs.resolve(params, chapter, run).model_dump(mode="json"), allow_nan=False)
            declaration.printed(params)
            return params
    except SystemExit:
        return None
    finally:
        assert [file.name for file in folder.iterdir()] == ["params.yaml"]


@contextmanager
def one_line_at_most() -> Iterator[None]:
    """What cannot be used is one line that can be printed, and the code that says so."""
    said, ended = StringIO(), None
    try:
        with redirect_stderr(said), one_line():
            yield
    except SystemExit as error:
        ended = error
        raise
    finally:
        if ended is not None:
            assert ended.code == UNUSABLE
            (line,) = said.getvalue().splitlines()
            assert line.startswith("error: ")
            line.encode()


@settings(patient, max_examples=COUNT or 200)
@given(st.data())
def test_a_mutation_is_valid_or_one_line(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text, _ = data.draw(mutations(PARAMS))
    checked(tmp_path_factory.mktemp("check"), text)


@settings(patient, max_examples=COUNT or 60)
@given(st.data())
def test_what_passes_the_check_is_trained_to_its_end_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, prepared: dict[str, Data], data: st.DataObject
) -> None:
    text, path = data.draw(st.one_of(run_mutations(PARAMS), mutations(PARAMS)))
    params = checked(tmp_path_factory.mktemp("check"), text)
    if params is None:
        return
    with suppress(SystemExit), one_line_at_most():
        if "data" in path:
            prepare(params, str(path[-1] if path[-2] == "data" else path[path.index("data") + 1]))
        else:
            train(params, path, prepared, tmp_path_factory.mktemp("trained"))


def prepare(params: dict[str, Any], name: str) -> None:
    """Prepare a data set of few examples, where it needs no network."""
    if name not in params["data"]:
        return
    dataset = resolve_dataset(params, name)
    if max(getattr(dataset.source, "train", LARGEST + 1), getattr(dataset.source, "test", 0)) > LARGEST:
        return
    splits, _ = dataset.prepare(name, Path())
    contact_sheets(splits["train"], fit_all(splits["train"].x), splits["validation"])


def train(params: dict[str, Any], path: tuple[Any, ...], data: dict[str, Data], folder: Path) -> None:
    """Train the run that was changed, of a chapter or a profile its first, as its stage does."""
    chapter = next((step for step in path if step in runs.chapters(params)), "")
    names = runs.trained(params, chapter) if chapter else []
    if not names:
        return
    name = next((step for step in path[1:] if step in names), names[0])
    chosen, given = runs.resolve(params, chapter, name), data[chapters.dataset(params, chapter)]
    layers = runs.layers(params, chapter, name)
    trainable(chosen, given.card, layers)
    short = smallest(chosen)
    with config.at(layers):
        record = recorded(folder / "run", given, short, chapters.kind(params, chapter), outcome(given, short))
    assert record.status in ("finished", "diverged")


def smallest(run: Run) -> Run:
    """The run with one seed and at most two epochs."""
    few = {"epochs": min(2, run.epochs)} if hasattr(run, "epochs") else {}
    return run.model_copy(update={"seeds": 1, **few})
