"""All that a figure or a table may look at: the study, the chapter that is reported, and the arrays of both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from rdfia.analyse import claims, findings
from rdfia.analyse.claims import Outcome
from rdfia.analyse.findings import Found
from rdfia.analyse.published import Published, Verdict, verdicts
from rdfia.analyse.results import ChapterResult, Study
from rdfia.files import find_json, tensors_of
from rdfia.record import layout

Arrays = Mapping[str, npt.NDArray[Any]]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    """The study and the published figures, and the chapter that is reported if there is one."""

    study: Study
    printed: tuple[Published, ...]
    subject: ChapterResult | None = None

    def of(self, chapter: ChapterResult) -> "Context":
        """Return the same with a chapter to report."""
        return replace(self, subject=chapter)

    @property
    def chapter(self) -> ChapterResult:
        """The chapter that is reported; a figure of the study as a whole has none and must not ask."""
        if self.subject is None:
            raise LookupError("a figure of the whole study asked for a chapter: its name must hold {chapter}")
        return self.subject

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for every published figure, in the order of the file."""
        return verdicts(self.study, self.printed)

    @cached_property
    def claims(self) -> tuple[Outcome, ...]:
        """What the runs say of every claim, in the order of the file; of a chapter, of those that it decides."""
        known = claims.read()
        own = {name: claim for name, claim in known.items() if self.subject and claim.chapter == self.subject.name}
        return claims.decide(own if self.subject else known, self.study)

    @cached_property
    def findings(self) -> tuple[Found, ...]:
        """What the runs say of every finding, in the order of the file."""
        return findings.decide(findings.read(), self.study)

    @cached_property
    def probes(self) -> Arrays:
        """The arrays that `evaluate` took from the chapter's networks."""
        return arrays(self.study.root / layout.probes(self.study.profile, self.chapter.name))

    def theory(self, question: str) -> tuple[Facts, Arrays]:
        """Return the computed answer to a question and its arrays, both empty where it was not asked."""
        path = self.study.root / layout.theory(self.study.profile, question)
        return find_json(path), arrays(path.with_suffix(".safetensors"))

    def sheets(self, dataset: str) -> Arrays:
        """Return the contact sheets of a data set."""
        return arrays(self.study.root / layout.sheets(self.study.profile, dataset))


def arrays(path: Path) -> Arrays:
    """Read the arrays of a file, none where it is missing."""
    from safetensors.numpy import load_file

    with tensors_of(path):
        found: Arrays = load_file(path) if path.exists() else {}
    return found
