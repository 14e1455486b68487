"""What nobody needs any more: files of runs that are not declared, and what processes that were killed left."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdfia.config import profile
from rdfia.files import SCRATCH, left_behind
from rdfia.record import layout
from rdfia.study import runs

FOLDERS = ("data", "declared", "reports", "runs", ".dvc/tmp")  # in which something is written


def undeclared(params: Mapping[str, Any]) -> list[Path]:
    """Return the chosen profile's files and folders of runs that are not declared."""
    name, kept = profile(params), set(runs.declared(params))
    folders = [layout.trained(name, ""), layout.recorded(name, ""), layout.checkpoints(name)]
    found = [path for folder in folders for path in folder.glob("*/*") if not path.name.startswith(SCRATCH)]
    return sorted(path for path in found if (path.parent.name, path.name) not in kept)


def left() -> list[Path]:
    """Return what processes that were killed left half-written."""
    return [path for name in FOLDERS for path in left_behind(Path(name))]


def prune(params: Mapping[str, Any]) -> None:
    """Remove both, and say so; `dvc gc --workspace` clears DVC's cache."""
    stale, half = undeclared(params), left()
    for path in [*stale, *half]:
        print(f"removed {path}")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{len(stale)} files and folders of runs that are not declared, {len(half)} that a kill left")
