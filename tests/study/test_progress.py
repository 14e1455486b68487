"""What a run says of itself: lines that know how much of the run is done."""

import pickle

import pytest

from rdfia import config
from rdfia.line import Line
from rdfia.study.progress import Progress
from rdfia.study.runs import resolve
from rdfia.train.epochs import EpochRecord
from rdfia.train.run import Trained

PARAMS = config.load() | {"profile": "quick"}


def record(epoch: int) -> EpochRecord:
    return EpochRecord(epoch, epoch, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("chapter", ["cnn", "svm"])  # with epochs, and without
def test_a_line_knows_how_much_of_all_seeds_is_done(chapter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = 0.0, list[Line]()
    monkeypatch.setattr("time.monotonic", lambda: now)
    run = resolve(PARAMS, chapter, "linear" if chapter == "svm" else "baseline")
    if chapter == "cnn":
        run = run.model_copy(update={"epochs": 44})
    with Progress("quick", chapter, "run", run, told.append) as progress:  # type: ignore[arg-type]
        for seed in range(run.seeds):
            if chapter == "cnn":
                for epoch in (0, 11, 22, 44):
                    now += 2
                    progress(seed, record(epoch))
            progress(seed, Trained({}, 1.5, epoch=10))
    parts = (0, 0.25, 0.5, 1, 1) if chapter == "cnn" else (1,)
    assert [line.done for line in told] == [(seed + part) / run.seeds for seed in range(run.seeds) for part in parts]
    assert told[-1] == f"{chapter}/run seed {run.seeds - 1}  1.5 s"


def test_what_is_read_from_a_checkpoint_was_done_before() -> None:
    told = list[Line]()
    run = resolve(PARAMS, "cnn", "baseline")
    third = run.epochs // 3
    with Progress("quick", "cnn", "baseline", run, told.append) as progress:  # type: ignore[arg-type]
        progress(0, Trained({}, 1.5), read=True)
        for epoch in range(third + 1):
            progress(1, record(epoch), read=True)
        for epoch in range(third + 1, run.epochs + 1):
            progress(1, record(epoch))
    assert (told[-1].done, told[-1].before) == pytest.approx((2 / run.seeds, (1 + third / run.epochs) / run.seeds))


def test_a_line_goes_through_a_pipe_with_what_it_knows() -> None:
    line = pickle.loads(pickle.dumps(Line("half", 0.5, 0.25).again("still half")))
    assert (line, line.done, line.before) == ("still half", 0.5, 0.25)
