"""How sure the effects of a chapter are, from which test images each seed got right; nothing where that is not kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from rdfia.analyse import paired
from rdfia.analyse.metrics import UNRESOLVED, Estimate, Noise, resolve, shared, spread
from rdfia.analyse.noise import learnt
from rdfia.analyse.results import ChapterResult, RunResult, Study
from rdfia.analyse.right import Right, read_right
from rdfia.record import layout

Seeds = dict[str, Right]


@dataclass(frozen=True)
class Sure:
    """A run of two seeds or more: how they part, and its difference to its reference where it has one."""

    run: RunResult
    disagreement: float
    parts: paired.Squares
    welch: Estimate | None = None
    given_images: Estimate | None = None
    new_images: Estimate | None = None
    needed: float | None = None  # seeds that would resolve an effect that is open, if it is as large as it seems


def sure(study: Study, chapter: ChapterResult) -> list[Sure]:
    """Return what the test images say of each run of a chapter, in the order of the parameters."""
    bits = {run.name: found for run in chapter.runs if len(found := _bits(study, run)) > 1}
    pairs = {run.name: pair for run in chapter.runs if (pair := _pair(chapter, run, bits))}
    beside = {run.name: run.reference for run in chapter.runs}
    noise = learnt([paired.apart(*pair) for pair in pairs.values()], [beside[name] for name in pairs])
    return [_sure(chapter, run, bits[run.name], pairs.get(run.name), noise) for run in chapter.runs if run.name in bits]


def _bits(study: Study, run: RunResult) -> Seeds:
    """Return the bits of every seed of a run that was evaluated, and is no search."""
    known = bool(run.test) and not run.searching
    return read_right(study.root / layout.right(study.profile, run.chapter, run.name)) if known else {}


def _pair(chapter: ChapterResult, run: RunResult, bits: dict[str, Seeds]) -> tuple[Right, Right] | None:
    """Return the bits of a run and of its reference where both have the same seeds and test images."""
    reference = chapter.run(run.reference)
    if reference is None or run.name not in bits or reference.name not in bits or chapter.effect(run) is None:
        return None
    ours, theirs = bits[run.name], bits[reference.name]
    same = run.record.data.get("sha256") == reference.record.data.get("sha256")
    if not same or ours.keys() != theirs.keys():
        return None
    return _table(ours), _table(theirs)


def _table(seeds: Seeds) -> Right:
    """Return the bits with a row for each seed."""
    return np.stack(list(seeds.values()))


def _sure(chapter: ChapterResult, run: RunResult, bits: Seeds, pair: tuple[Right, Right] | None, noise: Noise) -> Sure:
    right = _table(bits)
    alone = Sure(run, paired.disagreement(right), paired.components(right))
    if pair is None:
        return alone
    level = shared(chapter.comparisons(run))
    given, anew = (each(*pair, level, noise) for each in (paired.given_images, paired.new_images))
    deviation = sqrt(spread(paired.apart(*pair), noise)[0]) if given.low is not None else 0.0
    open_still = given.low is not None and resolve(given) == UNRESOLVED
    needed = paired.seeds_needed(given.mean, deviation, level, noise) if open_still else None
    return Sure(run, alone.disagreement, alone.parts, chapter.effect(run), given, anew, needed)


def narrower(rows: Sequence[Sure]) -> Iterator[float]:
    """Yield the width of each paired interval as a share of Welch's."""
    for row in rows:
        if row.welch and row.given_images and row.welch.high is not None and row.given_images.high is not None:
            yield (row.given_images.high - row.given_images.mean) / (row.welch.high - row.welch.mean)
