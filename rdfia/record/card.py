"""What a report says of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rdfia.words import kinds

STAND_INS = frozenset({"digits", "objects"})  # the embedded sources, which take the place of published data


@dataclass(frozen=True)
class Card:
    """What a data set is and where it comes from; `stands_for` names the published data that it truly is."""

    name: str
    source: str = ""
    label: str = "not prepared"
    stands_for: str | None = None
    kind: str = ""
    classes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""
    provenance: str = ""
    skipped: Mapping[str, int] = field(default_factory=dict)  # files that were not read, by their kind
    duplicates: int = 0  # test images that are in train too

    @property
    def stand_in(self) -> bool:
        """Whether the data take the place of published data that they are not."""
        return self.source in STAND_INS

    @property
    def copy(self) -> bool:
        """Whether the data are images of published data in files of the user, which need not be theirs bit by bit."""
        return self.source == "folders" and self.stands_for is not None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not as it should be, in words: skipped files, images in both splits."""
        remarks = []
        if self.skipped:
            count = sum(self.skipped.values())
            remarks.append(f"{count:,} file{'s' if count != 1 else ''} skipped: {kinds(self.skipped)}")
        if self.duplicates:
            remarks.append(f"{self.duplicates:,} of {self.counts.get('test', 0):,} test images are in train too")
        return tuple(remarks)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Card":
        """The card in a JSON mapping; keys that no report needs are left aside."""
        known: dict[str, Any] = {key: found[key] for key in cls.__dataclass_fields__ if key in found}
        for key in ("classes", "shape"):
            known[key] = tuple(known.get(key) or ())
        return cls(**known)
