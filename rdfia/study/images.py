"""What the folder or archive of a user's images holds now, which DVC does not see.

The stage `check` writes it down; a sweep looks again and renews the file, so that DVC prepares changed images anew.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from rdfia.data.archives import listing
from rdfia.files import find_json, project, write_json
from rdfia.record import layout


def fingerprint(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many files there are and a hash of their names, sizes and times; nothing of what is not there.

    Of an archive it is the archive's own size and time. Hidden files do not count.
    """
    path = project() / str(source.get("path", ""))
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
        before = find_json(project() / layout.images(profile, path.stem))
        found[path.stem] = fingerprint(find_json(path).get("source", {})) or before
    return found


def renew(profile: str) -> bool:
    """Write anew what has changed since the images were last looked at, so that DVC sees it; return if any has."""
    found = looked_at(profile)
    changed = [name for name, one in found.items() if one != find_json(layout.images(profile, name))]
    for name in changed:
        write_json(found[name], layout.images(profile, name))
    return bool(changed)
