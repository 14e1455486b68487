"""The verdicts on claims as lines for a reader and as JSON, for the command `rdfia verify` and the report's folder."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdfia.analyse import claims, stand_in
from rdfia.analyse.claims import FAILS, HOLDS, UNDECIDED, Claim, Outcome
from rdfia.analyse.metrics import UNRESOLVED, Estimate
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import PERCENT
from rdfia.config import ConfigError, nearest, section, shorten

COUNTED = {HOLDS: "hold", FAILS: "fail", UNRESOLVED: "not resolved", UNDECIDED: UNDECIDED}
WIDTHS = (32, 14)  # of a claim's name and its verdict


def outcomes(params: Mapping[str, Any], root: Path, profile: str | None, names: Sequence[str]) -> tuple[Outcome, ...]:
    """Return what the recorded runs of a profile say of the named claims, of all without names."""
    if profile is not None:
        if profile not in section(params, "profiles"):
            known = nearest(profile, section(params, "profiles"))
            raise ConfigError(f"--profile: found {shorten(profile)}, allowed: {known}")
        params = {**params, "profile": profile}
    return claims.decide(chosen(claims.read(), names), read_study(params, root))


def chosen(known: Mapping[str, Claim], names: Sequence[str]) -> dict[str, Claim]:
    """Return the claims of these names, all without names; one that there is not is a ConfigError."""
    for name in names:
        if name not in known:
            raise ConfigError(f"{claims.SOURCE.name}: {shorten(name)}: no such claim; allowed: {nearest(name, known)}")
    return {name: known[name] for name in names or known}


def lines(found: Sequence[Outcome]) -> list[str]:
    """Return a line for each claim, what they are about where that is stand-in data, and how many came out how."""
    counts = Counter(outcome.verdict for outcome in found)
    data = list(dict.fromkeys(outcome.data for outcome in found if outcome.data))
    total = f"{len(found)} claim{'' if len(found) == 1 else 's'}"
    counted = ", ".join(f"{counts[verdict]} {word}" for verdict, word in COUNTED.items() if counts[verdict])
    return [*map(line, found), *([stand_in.note(data)] if data else []), f"{total}: {counted}"]


def line(outcome: Outcome) -> str:
    """Return a claim's name, its verdict and the evidence: the statistic with its interval, or why there is none."""
    head = f"{outcome.name:<{WIDTHS[0]}} {outcome.verdict:<{WIDTHS[1]}}"
    if outcome.reason or outcome.estimate is None:
        return f"{head}: {outcome.reason}"
    claim, unit = outcome.claim, outcome.claim.statistic.unit
    level = f"{PERCENT * claim.threshold.level:.0f} %"
    return f"{head}  {claim.statistic}: {figures(outcome.estimate)} {unit} ({level}); holds {claim.threshold}"


def figures(estimate: Estimate) -> str:
    """Return a mean with its interval."""
    return f"{estimate.mean:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"


def record(found: Sequence[Outcome]) -> dict[str, Any]:
    """Return the claims as JSON, by name."""
    return {outcome.name: outcome.record() for outcome in found}


def text(found: Sequence[Outcome], as_json: bool) -> str:
    """Return what the command prints."""
    if as_json:
        return json.dumps(record(found), indent=1, ensure_ascii=False, allow_nan=False)
    return "\n".join(lines(found))


def computed(found: Sequence[Outcome]) -> bool:
    """Whether every claim could be computed."""
    return all(outcome.verdict != UNDECIDED for outcome in found)
