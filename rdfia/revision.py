"""What git says of a checkout; nothing where there is no git."""

import subprocess
from pathlib import Path


def git(root: Path, *words: str) -> str:
    """The answer of a git command in `root`, empty if it fails or git is not installed."""
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit(root: Path) -> str:
    """The commit that is checked out."""
    return git(root, "rev-parse", "--verify", "--quiet", "HEAD")
