"""What the reports claim and an experiment decides: claims.yaml as strict data, and what recorded runs say of each.

A claim has a statistic over runs and a threshold. It holds or fails where the statistic's whole interval lies on one
side of the threshold, is not resolved where the interval has both, and cannot be decided here where a run is missing. A
figure that a report prints cannot be decided on stand-in data either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rdfia.analyse.measures import Measured, UndecidableError
from rdfia.analyse.metrics import LEVEL, UNRESOLVED, Estimate
from rdfia.analyse.results import PERCENT, Study
from rdfia.analyse.statistics import Statistic, names
from rdfia.config import KEY, Config, ConfigError, listed, parse_yaml, shorten
from rdfia.theory.written import Paragraph, Report, validated

SOURCE = Path(__file__).with_name("claims.yaml")
HOLDS, FAILS, UNDECIDED = "holds", "fails", "cannot be decided here"
VERDICTS = (HOLDS, FAILS, UNRESOLVED, UNDECIDED)
Reports = Annotated[tuple[Report, ...], listed]


class Threshold(Config):
    """What an interval must lie above, below or within; one of the three.

    `within` m is equality to the margin m by two one-sided tests (Schuirmann 1987), each at (1 - `LEVEL`): the interval
    of the level 2 · `LEVEL` - 1 must lie in -m … m. A difference that is only not resolved is not equality.
    """

    above: float | None = None
    below: float | None = None
    within: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(side is not None for side in (self.above, self.below, self.within)) != 1:
            raise ValueError("one of above, below and within")
        return self

    @property
    def level(self) -> float:
        """The level of the interval that is laid against it."""
        return LEVEL if self.within is None else 2 * LEVEL - 1

    @property
    def ends(self) -> tuple[float, float]:
        """Between what a claim holds."""
        if self.within is not None:
            return -self.within, self.within
        return (
            float("-inf") if self.above is None else self.above,
            float("inf") if self.below is None else self.below,
        )

    def verdict(self, estimate: Estimate) -> str:
        """Return whether the whole interval lies where the claim holds, or the whole of it elsewhere."""
        low, high = self.ends
        if estimate.low is None or estimate.high is None:
            return UNRESOLVED
        if low < estimate.low and estimate.high < high:
            return HOLDS
        return FAILS if estimate.high < low or estimate.low > high else UNRESOLVED

    def __str__(self) -> str:
        if self.within is not None:
            return f"within ±{self.within:g}"
        return f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"


class Claim(Config):
    """A sentence, the reports that say it and that deny it (the others are silent), and what decides it."""

    claim: Paragraph
    kind: Literal["figure", "tendency", "mechanism"]
    said_by: Reports = Field(min_length=1)
    denied_by: Reports = ()
    statistic: Statistic
    threshold: Threshold
    note: Paragraph | None = None

    @model_validator(mode="after")
    def _sides(self) -> Self:
        if both := set(self.said_by) & set(self.denied_by):
            raise ValueError(f"each report on one side, {', '.join(sorted(both))} is on both")
        if len({name.partition("/")[0] for name in self.names}) > 1:
            raise ValueError("runs of one chapter")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The runs that decide it, or the group of runs."""
        return names(self.statistic)

    @property
    def chapter(self) -> str:
        """The chapter that decides it."""
        return self.names[0].partition("/")[0]


@dataclass(frozen=True)
class Outcome:
    """A claim by its name, and what the runs of a profile say of it; `data` names stand-in data that it is about."""

    name: str
    claim: Claim
    verdict: str
    estimate: Estimate | None = None
    reason: str = ""
    data: str = ""

    def record(self) -> dict[str, Any]:
        """Return it for programs, with figures in four significant digits."""
        claim, found = self.claim, self.estimate
        figures = {key: _rounded(getattr(found, key)) for key in ("mean", "low", "high")} if found else None
        return {
            "claim": claim.claim,
            "kind": claim.kind,
            "chapter": claim.chapter,
            "for": list(claim.said_by),
            "against": list(claim.denied_by),
            "verdict": self.verdict,
            "reason": self.reason or None,
            "statistic": str(claim.statistic),
            "decided_by": list(claim.names),
            "estimate": figures and {**figures, "unit": claim.statistic.unit, "seeds": found and found.seeds},
            "level": claim.threshold.level,
            "holds": str(claim.threshold),
            "stand_in_data": self.data or None,
        }


def read(path: Path = SOURCE) -> dict[str, Claim]:
    """Return the claims by name, in the order of the file."""
    return parse(parse_yaml(path.read_bytes(), path.name), path.name)


def parse(content: Any, where: str) -> dict[str, Claim]:
    """Validate the claims, each under its name."""
    if not (isinstance(content, Mapping) and content):
        raise ConfigError(f"{where}: found {shorten(content)}, allowed: names of claims, each with its keys")
    for name in content:
        if not KEY.fullmatch(str(name)):
            raise ConfigError(f"{where}: {shorten(name)}: found a name with other signs, allowed: a-z, 0-9 and _")
    return {name: validated(Claim, entry, f"{where}: {name}") for name, entry in content.items()}


def decide(claims: Mapping[str, Claim], study: Study) -> tuple[Outcome, ...]:
    """Return what the recorded runs say of each claim."""
    known = Measured(study)
    return tuple(_decide(name, claim, known) for name, claim in claims.items())


def _decide(name: str, claim: Claim, known: Measured) -> Outcome:
    data = next((c.runs[0].card for c in known.study.chapters if c.name == claim.chapter and c.runs), None)
    label = data.label if data and data.stand_in else ""
    if label and claim.kind == "figure":
        return Outcome(name, claim, UNDECIDED, reason=f"{label}: a printed figure is of other data", data=label)
    try:
        estimate = claim.statistic.estimate(known, claim.threshold.level)
    except UndecidableError as reason:
        return Outcome(name, claim, UNDECIDED, reason=str(reason), data=label)
    if estimate.low is None:
        return Outcome(name, claim, UNDECIDED, estimate, estimate.lacking, label)
    return Outcome(name, claim, claim.threshold.verdict(estimate), estimate, data=label)


def marked(level: float) -> str:
    """Return the level of an interval in brackets, where it is not that of every other."""
    return "" if level == LEVEL else f" ({PERCENT * level:.0f} %)"


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
