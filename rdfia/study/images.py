"""What the folder or archive of a user's images holds now, which DVC does not see."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdfia.data.archives import listing
from rdfia.files import find_json
from rdfia.record import layout


def fingerprint(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many files there are and a hash of their names, sizes and times; nothing of what is not there.

    Of an archive it is the archive's own size and time. Hidden files do not count.
    """
    path = _project() / str(source.get("path", ""))
    if "path" not in source or not path.exists():
        return {}
    files = [(path.name, path.stat())]
    if path.is_dir():
        found = sorted((str(one.inside), one.origin) for one in listing(path, lambda _: True).files)
        files = [(name, file.stat()) for name, file in found if "/." not in f"/{name}"]
    lines = "".join(f"{name}\t{status.st_size}\t{status.st_mtime_ns}\n" for name, status in files)
    return {"files": len(files), "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def looked_at(profile: str) -> dict[str, dict[str, Any]]:
    """Return the fingerprint of each data set as it was declared; images that are gone are as they were."""
    found = dict[str, dict[str, Any]]()
    for path in sorted((layout.declared(profile) / "data").glob("*.json")):
        before = find_json(_project() / layout.images(profile, path.stem))
        found[path.stem] = fingerprint(find_json(path).get("source", {})) or before
    return found


def are_current(profile: str) -> bool:
    """Tell whether the images are those that were last looked at."""
    found = looked_at(profile)
    return all(one == find_json(layout.images(profile, name)) for name, one in found.items())


def _project() -> Path:
    """Return the folder that paths of images count from: the project's own, also for an experiment in a copy of it."""
    return Path(os.environ.get("DVC_ROOT") or layout.ROOT)
