"""A finding: one line on what was looked at, with its remedy where something is not as it should be."""

from dataclasses import dataclass
from enum import Enum


class Weight(Enum):
    """How much a finding matters; what is broken keeps the pipeline or its results from being right."""

    FINE = "ok"
    NOTE = "note"
    BROKEN = "MEND"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do."""

    about: str
    state: str
    remedy: str = ""
    weight: Weight = Weight.FINE

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.weight.value:<5}{self.about:<12}{self.state}" + (f"; {self.remedy}" if self.remedy else "")


def fine(about: str, state: str) -> Finding:
    """Return that all is well."""
    return Finding(about, state)


def note(about: str, state: str, remedy: str = "") -> Finding:
    """Return advice, or what is good to know."""
    return Finding(about, state, remedy, Weight.NOTE)


def broken(about: str, state: str, remedy: str = "") -> Finding:
    """Return what must be mended."""
    return Finding(about, state, remedy, Weight.BROKEN)
