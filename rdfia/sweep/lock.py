"""dvc.lock: what it says, and how it is restored where a kill cut it while DVC wrote it.

DVC empties the file, then writes all of it. So a copy is kept of one that is whole, and what is lost comes back from
it. An entry says what came of a stage's dependencies, and stays true however old it is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rdfia.config import ConfigError
from rdfia.files import write_text
from rdfia.revision import git
from rdfia.study.pipeline import PIPELINE
from rdfia.sweep import holders
from rdfia.sweep.holders import NOTED, TEMPORARY

LOCK = Path("dvc.lock")
COPY = TEMPORARY / "rdfia/dvc.lock"
HEAD = "schema: '2.0'\nstages:\n"


def locked() -> dict[str, Any]:
    """Return the stages of the lock file."""
    return stages(read(LOCK)) or {}


def stages(text: str) -> dict[str, Any] | None:
    """Return the stages of a lock file's text, None where it is not whole."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, loader)  # noqa: S506
    except yaml.YAMLError:
        return None
    found = content.get("stages") if isinstance(content, dict) and content.get("schema") == "2.0" else None
    whole = text.endswith("\n") and isinstance(found, dict) and all(map(_whole, found.values()))
    return found if whole else None


def _whole(stage: Any) -> bool:
    """Tell whether an entry is one that DVC can read."""
    if not isinstance(stage, dict) or not stage.get("cmd"):
        return False
    parts = [stage.get(key, []) for key in ("deps", "outs")]
    return all(
        isinstance(part, list) and all(isinstance(one, dict) and one.get("path") for one in part) for part in parts
    )


def mend() -> None:
    """Restore what a kill cut off the lock file, and keep a copy of one that is whole."""
    if not LOCK.exists():
        return
    if cut() or unreadable(NOTED):
        with holders.holding(holders.LOCK):  # what looked cut may have been at work
            if unreadable(NOTED):
                NOTED.unlink()
                print(f"{NOTED} was cut: removed")
            if cut():
                _restore()
    text = read(LOCK)
    if text != read(COPY) and stages(text) is not None:
        write_text(text, COPY)


def cut() -> bool:
    """Tell whether the lock file is cut; git's own is not, however short."""
    text = read(LOCK)
    if mended(text, read(COPY), _declared()) == text:
        return False
    return stages(text) is None or text.strip() != git(Path(), "show", f"HEAD:./{LOCK}")


def _restore() -> None:
    copy = read(COPY)
    if not blocks(copy):
        raise ConfigError(f"{LOCK}: cut, and there is no copy of it; `git checkout {LOCK}` takes that of git")
    write_text(mended(read(LOCK), copy, _declared()), LOCK)
    print(f"{LOCK} was cut while DVC wrote it: restored from {COPY}")


def mended(text: str, copy: str, declared: Mapping[str, Any]) -> str:
    """Return a lock file's text with what a kill cut off it; one that is whole, or was shortened on purpose, as it is.

    DVC writes the entries in the order of the copy, so what is there before a cut are the first of them, and the last
    of these may be incomplete. An entry that dvc.yaml does not declare any more is not missed.
    """
    here, known = blocks(text), blocks(copy)
    if "<<<<<<<" in text:  # a conflict of git's, which is the user's
        return text
    if stages(text) is not None:
        first = bool(here) and list(here) == list(known)[: len(here)]
        if not first or not [name for name in known if name not in here and name.split("@")[0] in declared]:
            return text
    here.popitem() if here else None
    if stages(HEAD + "".join(here.values())) is None:  # overwritten with something else
        here = {}
    return HEAD + "".join({**known, **here}.values())


def blocks(text: str) -> dict[str, str]:
    """Return the lines of each stage by its name, as they stand in the lock file."""
    found, name = dict[str, str](), ""
    for line in text.partition("\nstages:\n")[2].splitlines(keepends=True):
        if line.startswith("  ") and line[2:3].strip():
            name = line.strip().removesuffix(":")
        found[name] = found.get(name, "") + line
    return found


def _declared() -> Mapping[str, Any]:
    """Return the stages of dvc.yaml."""
    return (yaml.safe_load(read(PIPELINE)) or {}).get("stages") or {}


def unreadable(path: Path) -> bool:
    """Tell whether a file is there and holds no JSON."""
    try:
        json.loads(read(path)) if path.exists() else None
    except ValueError:
        return True
    return False


def read(path: Path) -> str:
    """Return the text of a file, whatever is in it; none where there is no file."""
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
