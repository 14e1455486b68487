"""The claims as data: all are there and name what exists, errors are one line, and verdicts are those of intervals."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdfia import config
from rdfia.analyse import claims
from rdfia.analyse.claims import FAILS, HOLDS, UNDECIDED, Threshold
from rdfia.analyse.metrics import UNRESOLVED, Estimate, difference
from rdfia.analyse.results import Study
from rdfia.config import ConfigError

CLAIMS = claims.read()
PARAMS = config.load()
TOPICS = (  # what the reports claim, in the course's order: each has a claim at least whose name begins so
    "pca_like", "pca_steadier", "pca_doubles", "zca_ruins", "zca_equals", "standardise_narrows", "standardise_faster",
    "crop_flip_delays", "affine_hurts", "affine_crop", "hue_worse_than_contrast", "hue_worse_than_crop",
    "contrast_worse", "perspective_like", "perspective_crop", "blur", "crop_unsteady", "cutmix", "exponential_smoother",
    "exponential_narrows", "exponential_alone", "step", "adam_steadier", "adam_no_better", "adam_needs", "rmsprop",
    "small_batches", "batch_size", "dropout_closes", "dropout_delays", "higher_p", "batch_norm_noisy_early",
    "batch_norm_noisy_late", "batch_norm_ends", "c_matters", "wider", "patch_14", "two_blocks", "best_of_each",
    "pretraining", "masked_pretraining",
)  # fmt: skip


def test_every_topic_has_a_claim() -> None:
    assert [topic for topic in TOPICS if not any(name.startswith(topic) for name in CLAIMS)] == []
    assert {claim.kind for claim in CLAIMS.values()} == {"figure", "tendency", "mechanism"}


@pytest.mark.parametrize("name", CLAIMS)
def test_what_decides_a_claim_is_declared_and_its_words_are_a_sentence(name: str) -> None:
    claim = CLAIMS[name]
    runs = PARAMS[claim.chapter]["runs"]
    known = {*runs, *(run["group"] for run in runs.values() if "group" in run)}
    assert {each.partition("/")[2] for each in claim.names} <= known
    for words in (claim.claim, claim.note or "."):
        assert words.endswith(".")
        assert not re.search(r"[<*_$|]", re.sub("`[^`]+`", "", words))


def test_opposed_claims_have_opposed_reports() -> None:
    ruins, equals = CLAIMS["zca_ruins"], CLAIMS["zca_equals"]
    assert (ruins.said_by, ruins.denied_by) == (equals.denied_by, equals.said_by)


STATISTIC: dict[str, Any] = {"name": "difference", "of": "accuracy", "runs": ["cnn/a", "cnn/b"]}
CLAIM = {"claim": "A is better.", "kind": "tendency", "said_by": ["R2022"], "statistic": STATISTIC,
    "threshold": {"above": 0}}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"claim": ""}, "c.yaml: better.claim: found ''"),
        ({"kind": "wish"}, "c.yaml: better.kind: found 'wish', allowed: 'figure', 'tendency' or 'mechanism'"),
        ({"said_by": []}, "c.yaml: better.said_by"),
        ({"denied_by": ["R2022"]}, "each report on one side, R2022 is on both"),
        ({"denyed_by": ["R2026"]}, "c.yaml: better.denyed_by: unknown key (did you mean denied_by?)"),
        ({"threshold": {"above": 0, "below": 1}}, "c.yaml: better.threshold: found"),
        ({"threshold": {"within": 0}}, "c.yaml: better.threshold.within: found 0"),
        ({"statistic": STATISTIC | {"name": "median"}}, "c.yaml: better.statistic.name: found 'median', allowed:"),
        ({"statistic": STATISTIC | {"of": "beauty"}}, "c.yaml: better.statistic.of: found 'beauty'"),
        ({"statistic": STATISTIC | {"runs": ["cnn/a"]}}, "c.yaml: better.statistic.runs"),
        ({"statistic": STATISTIC | {"runs": ["cnn/a", "vit/b"]}}, "allowed: runs of one chapter"),
        ({"statistic": STATISTIC | {"runs": ["cnn/a", "cnn/../b"]}}, "c.yaml: better.statistic.runs.1: found"),
    ],
)
def test_a_bad_claim_ends_in_one_line(change: dict[str, Any], message: str) -> None:
    assert claims.parse({"better": CLAIM}, "c.yaml")["better"].names == ("cnn/a", "cnn/b")
    with pytest.raises(ConfigError) as caught:
        claims.parse({"better": CLAIM | change}, "c.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [[CLAIM], {}, {"A better": CLAIM}])
def test_claims_have_names(content: Any) -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml: .*found .*allowed: "):
        claims.parse(content, "c.yaml")


@pytest.mark.parametrize(
    ("threshold", "low", "high", "verdict"),
    [
        ({"above": 0}, 0.1, 2, HOLDS),
        ({"above": 0}, -2, -0.1, FAILS),
        ({"above": 0}, -0.1, 2, UNRESOLVED),
        ({"above": 1.5}, 1, 2, UNRESOLVED),
        ({"below": -10}, -30, -12, HOLDS),
        ({"below": -10}, -9, 4, FAILS),
        ({"below": -10}, -12, -9, UNRESOLVED),
        ({"within": 2}, -1.9, 1.9, HOLDS),
        ({"within": 2}, 0.5, 1.0, HOLDS),
        ({"within": 2}, 1, 3, UNRESOLVED),
        ({"within": 2}, -5, 5, UNRESOLVED),
        ({"within": 2}, -5, -3, FAILS),
        ({"within": 2}, 3, 4, FAILS),
    ],
)
def test_a_verdict_is_where_the_whole_interval_lies(
    threshold: dict[str, float], low: float, high: float, verdict: str
) -> None:
    assert Threshold.model_validate(threshold).verdict(Estimate((low + high) / 2, low, high, 3)) == verdict


def test_equality_is_claimed_wrongly_as_seldom_as_it_says_and_found_where_it_is() -> None:
    """Two one-sided tests at 5 %: at the margin itself 5 % pass; at equality nearly all do, if the seeds are many."""
    threshold, rng, times = Threshold(within=2), np.random.default_rng(0), 1000
    shares = {}
    for away in (0.0, 2.0, 5.0):
        drawn = rng.normal(0, 1, (times, 2, 8)) + np.array([away, 0.0])[:, None]
        found = [threshold.verdict(difference(*pair.tolist(), threshold.level)) for pair in drawn]
        shares[away] = found.count(HOLDS) / times, found.count(FAILS) / times
    assert shares[0.0][0] > 0.9
    assert shares[0.0][1] == 0
    assert 0.03 < shares[2.0][0] < 0.07
    assert 0.03 < shares[2.0][1] < 0.07
    assert shares[5.0] == (0, 1)


def test_the_runs_of_a_study_decide_what_they_can(study: Study) -> None:
    found = {outcome.name: outcome for outcome in claims.decide(CLAIMS, study)}
    assert list(found) == list(CLAIMS)
    assert found["zca_ruins"].verdict == UNDECIDED
    assert found["zca_ruins"].reason == "cnn/zca: no such run is declared"
    decided = found["standardise_narrows_gap"]
    assert decided.estimate is not None
    assert (decided.verdict, decided.reason, decided.data) == (HOLDS, "", "")
    record = decided.record()
    assert record["decided_by"] == ["cnn/standardise", "cnn/baseline"]
    assert record["estimate"]["low"] < record["estimate"]["mean"] < record["estimate"]["high"] < 0
    assert record["estimate"]["mean"] == pytest.approx(decided.estimate.mean, rel=1e-3)
    assert found["zca_ruins"].record()["estimate"] is None


def test_one_seed_decides_nothing(study: Study) -> None:
    chapter = next(each for each in study.chapters if each.name == "cnn")
    alone = replace(chapter, runs=tuple(replace(run, test={"0": 70.0}, train={"0": 99.0}) for run in chapter.runs))
    (found,) = claims.decide({"gap": CLAIMS["standardise_narrows_gap"]}, replace(study, chapters=(alone,)))
    assert (found.verdict, found.reason) == (UNDECIDED, "one seed gives no interval")
