"""What a report says of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Card":
        """The card in a JSON mapping; keys that no report needs are left aside."""
        known: dict[str, Any] = {key: found[key] for key in cls.__dataclass_fields__ if key in found}
        for key in ("classes", "shape"):
            known[key] = tuple(known.get(key) or ())
        return cls(**known)
