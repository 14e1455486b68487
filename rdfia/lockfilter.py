"""Keep what the quick profile writes out of commits: a git clean filter for dvc.lock.

DVC records every stage in dvc.lock and refuses to work with one that git ignores. The lines of the quick profile
differ from machine to machine, and those of `check`, `report` and `track` follow from the others; so on a
branch they are dropped on the way into git, and `git status` stays clean. A detached HEAD is where DVC commits its
experiments: these keep every line, or they could not be applied. Used as `git config filter.dvclock.clean`, which
`make` sets.
"""

import subprocess
import sys

DROPPED = ("@quick-", "@quick:", "  check@", "  report@", "  track@")


def on_a_branch() -> bool:
    """Whether HEAD names a branch."""
    command = ["git", "symbolic-ref", "-q", "HEAD"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def keep(text: str) -> str:
    """The lock file without the stages that are not worth a commit."""
    head, _, body = text.partition("stages:\n")
    kept, keeping = [], True
    for line in body.splitlines(keepends=True):
        if line.startswith("  ") and not line.startswith("   "):
            keeping = not any(mark in line for mark in DROPPED)
        if keeping:
            kept.append(line)
    return f"{head}stages:\n{''.join(kept)}" if kept else "schema: '2.0'\nstages: {}\n"


if __name__ == "__main__":
    text = sys.stdin.read()
    sys.stdout.write(keep(text) if on_a_branch() else text)
