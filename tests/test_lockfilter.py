"""The clean filter of dvc.lock: the quick profile stays out of commits, experiments keep every line."""

import subprocess
import sys
from pathlib import Path

from rdfia.lockfilter import keep

SCRIPT = Path(__file__).parent.parent / "rdfia" / "lockfilter.py"
EMPTY = "schema: '2.0'\nstages: {}\n"
STAGE = "  {name}:\n    cmd: python -m stages.train\n    deps:\n    - path: a@quick-b\n      md5: 1\n"


def lock(*names: str) -> str:
    return "schema: '2.0'\nstages:\n" + "".join(STAGE.format(name=name) for name in names)


def test_what_is_made_again_is_dropped_and_the_rest_kept() -> None:
    text = lock(
        "check@paper",
        "declare_cnn@quick",
        "cnn@quick-zca",
        "cnn@paper-zca",
        "report@paper",
        "evaluate@paper-cnn",
        "track@quick",
    )
    assert keep(text) == lock("cnn@paper-zca", "evaluate@paper-cnn")


def test_nothing_left_is_an_empty_lock_and_filtering_twice_changes_nothing() -> None:
    assert keep(lock("check@quick", "cnn@quick-zca")) == EMPTY
    assert keep(EMPTY) == EMPTY
    assert keep(keep(lock("cnn@paper-a", "check@paper"))) == keep(lock("cnn@paper-a", "check@paper"))


def test_a_branch_filters_and_a_detached_head_does_not(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    git("config", "user.email", "a@example.org")
    git("config", "user.name", "a")
    git("config", "filter.dvclock.clean", f"{sys.executable} {SCRIPT}")
    (tmp_path / ".gitattributes").write_text("dvc.lock filter=dvclock\n")
    (tmp_path / "dvc.lock").write_text(EMPTY)
    git("add", ".")
    git("commit", "-qm", "empty")
    (tmp_path / "dvc.lock").write_text(lock("cnn@quick-zca"))
    git("add", "dvc.lock")
    assert git("status", "--porcelain") == ""
    git("checkout", "-q", "--detach")
    (tmp_path / "dvc.lock").write_text(lock("cnn@quick-b"))
    git("add", "dvc.lock")
    git("commit", "-qm", "experiment")
    assert git("show", "HEAD:dvc.lock") == lock("cnn@quick-b")
