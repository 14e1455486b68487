"""A run's declaration: its settings, its data, and the hash of the code that they reach.

It is one small file, and all that the run's training stage depends on: a result is today's if its record says the same.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rdfia.files import read_json
from rdfia.record.run import RunRecord

SETTINGS, CODE, DATA = "settings", "code", "data"


@dataclass(frozen=True)
class Declaration:
    """What a result depends on; `begins` is the run whose weights it starts from, as chapter/run, with their hash.

    The hashes of data and weights are empty until these are there. Of a run that the profile leaves out there is
    nothing but its name.
    """

    chapter: str
    run: str
    kind: str
    left_out: bool = False
    settings: Mapping[str, Any] | None = None
    code_sha256: str = ""
    dataset: str = ""
    data_sha256: str = ""
    begins: str = ""
    begins_sha256: str = ""

    def text(self) -> str:
        """Write it as its file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Declaration":
        """Read its file."""
        return cls(**read_json(path, f"`dvc repro declare_{path.parent.name}` writes what is declared"))

    def with_hashes(self, data: str, begins: RunRecord | None) -> "Declaration":
        """Return it with the hash of its data, and with that of the weights in the record of the run it begins from."""
        weights = str(begins.metrics.get("weights_sha256", "")) if begins else ""
        return replace(self, data_sha256=data, begins_sha256=weights)

    def changed(self, record: RunRecord) -> tuple[str, ...]:
        """Return in what a record differs: settings, code, data; nothing where it is a result of this declaration.

        The settings of a record also hold the hash of the weights that it began from. Ours hold it apart for those of a
        run, and for others where the run's own lines say it.
        """
        begun, said = (start(settings).get("sha256") for settings in (record.settings, self.settings or {}))
        parts = {
            SETTINGS: plain(record.settings) == plain(self.settings or {}) and said in (None, begun),
            CODE: record.metrics.get("code_sha256", "") == self.code_sha256,
            DATA: record.data.get("sha256", "") == self.data_sha256,
        }
        if self.begins_sha256:
            parts[DATA] &= begun == self.begins_sha256
        return tuple(part for part, same in parts.items() if not same)


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them, without the hash of the weights that a run began from."""
    copy: dict[str, Any] = json.loads(json.dumps(settings))
    if isinstance(start(copy), dict):
        start(copy).pop("sha256", None)
    return copy


def start(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of what a run's model begins from, empty where it is drawn."""
    found = (settings.get("model") or {}).get("start")
    return found if isinstance(found, dict) else {}
