"""A checkout of the project at its smallest, and commands in it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
RUNS = {
    "mlp": ["by_hand", "lr_01"],
    "mlp_mnist": ["hidden_100"],
    "svm": ["rbf"],
    "svm_mnist": ["linear"],
    "bow": ["words_100"],
    "cnn": ["baseline", "zca"],
    "cnn_mnist": ["baseline"],
    "vit": ["small"],
    "pretrain": ["supervised"],
    "masked": ["masked"],
    "vit_timm": ["patch_7", "masked", "imagenet"],
}
WHOLE = ("mlp", "mlp_mnist", "svm", "svm_mnist", "bow")  # chapters that are one stage
TRAINED = tuple(f"{chapter}@" for chapter in RUNS)  # how the stages begin that train
TIMM = {"embed": 8, "depth": 1, "heads": 2}
COUNT = sum(map(len, RUNS.values()))
LEFT_OUT = "vit_timm/imagenet"  # its weights would have to be downloaded


def environment() -> dict[str, str]:
    """The tests' own Python first, one committer, and nothing of a tracker or experiment around us."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DVC_", "RDFIA_", "GIT_"))}
    names = {f"GIT_{role}_{key}": "test@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    return kept | names | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "DVC_NO_ANALYTICS": "1"}


class Project:
    """A checkout, and commands in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(command, cwd=self.root, env=environment(), capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """Start a command beside others; both its outputs are one."""
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.root, env=environment(), **out)

    def ran(self, *command: str) -> list[str]:
        """The stages that a DVC command really ran."""
        lines = self(*command).splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def declare(self) -> None:
        """Write anew what is declared, and train nothing: the chapters that begin from others need their weights."""
        self("dvc", "repro", *(f"declare_{chapter}@tiny" for chapter in RUNS))

    def stale(self) -> set[str]:
        """The training stages that `dvc repro` would run, after what is declared was written anew."""
        self.declare()
        said = self("dvc", "repro", "--dry")
        stages = {line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")}
        return {stage for stage in stages if stage.split("@")[0] in RUNS}

    @contextmanager
    def edited(self, *edits: tuple[str, str, str]) -> Iterator[None]:
        """Replace text in files, and put the files back at the end; a file that was not there goes again."""
        paths = {self.root / name: (self.root / name).read_text() for name, *_ in edits}
        try:
            for name, old, new in edits:
                text = (self.root / name).read_text()
                assert old in text, f"{name} has no {old!r}"
                (self.root / name).write_text(text.replace(old, new, 1))
            yield
        finally:
            for path, text in paths.items():
                path.write_text(text)

    def params(self) -> dict[str, Any]:
        """The parameters as they lie there."""
        found: dict[str, Any] = yaml.safe_load((self.root / "params.yaml").read_text())
        return found

    def write_params(self, params: dict[str, Any]) -> None:
        (self.root / "params.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(params)), sort_keys=False))

    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "reports/tiny/summary.json").read_text())
        return found

    def edit(self, chapter: str = "cnn", **runs: Any) -> None:
        """Change or (None) remove runs of a chapter."""
        params = self.params()
        for name, lines in runs.items():
            params[chapter]["runs"].pop(name, None)
            params[chapter]["runs"] |= {} if lines is None else {name: lines}
        self.write_params(params)

    def published(self) -> list[dict[str, str]]:
        """The tags of every result in the MLflow store, read from the file itself."""
        query = (
            "select run_uuid, key, value from tags join runs using (run_uuid) join experiments using (experiment_id)"
            " where experiments.name = 'rdfia/tiny' and runs.lifecycle_stage = 'active'"
        )
        with closing(sqlite3.connect(self.root / "mlflow.db")) as store:
            tags: dict[str, dict[str, str]] = {}
            for run, key, value in store.execute(query):
                tags.setdefault(run, {})[key] = value
        return [found for found in tags.values() if "rdfia.run" in found]  # one run holds the report's figures


def new(root: Path) -> Project:
    """The project's files in a new repository, with the profile `tiny` and nothing run."""
    made = Project(root)
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith("reports/"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    (root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    made.write_params(shrink(made.params()))
    for words in (["init", "-q"], ["config", "filter.dvclock.clean", f"{sys.executable} rdfia/lockfilter.py"]):
        made("git", *words)
    made("python", "-m", "rdfia", "pipeline")
    made("git", "add", ".")
    made("git", "commit", "-qm", "start")
    return made


def shrink(params: dict[str, Any]) -> dict[str, Any]:
    """The project's own parameters with a profile `tiny` and a run or two a chapter."""
    params["profile"] = "tiny"
    params["profiles"]["tiny"] = {
        "data": {
            "circles": {},
            "rings": {"source": {"name": "circles", "train": 90, "test": 50}, "validation": 30},
            "mnist": {"source": {"name": "digits", "train": 100, "test": 60}, "validation": 40},
            "cifar10": {"source": {"name": "objects", "train": 120, "test": 60}, "validation": 40},
            "cifar10_grey": {"source": {"name": "objects", "train": 100, "test": 60}, "validation": 40},
        },
        "mlp": {"seeds": 2, "epochs": 2},
        "mlp_mnist": {"seeds": 2, "epochs": 2},
        "svm": {"seeds": 2, "sample": 40},
        "svm_mnist": {"seeds": 2, "sample": 50},
        "bow": {"seeds": 2, "sample": 60},
        "cnn": {"seeds": 2, "epochs": 1, "batch_size": 32, "model": {"channels": [4], "hidden": 8}},
        "cnn_mnist": {"seeds": 2, "epochs": 1, "model": {"channels": [4], "hidden": 8}},
        "vit": {"seeds": 2, "epochs": 1, "model": {"embed": 8, "heads": 2, "blocks": 1}},
        "pretrain": {"seeds": 2, "epochs": 1, "model": dict(TIMM)},
        "masked": {"seeds": 2, "epochs": 1, "model": dict(TIMM), "decoder": {"embed": 8, "heads": 2}},
        "vit_timm": {"leave_out": ["imagenet"], "seeds": 2, "epochs": 1, "model": dict(TIMM)},
    }
    params["theory"] = {
        "implementations": {"epochs": 1},
        "gradients": {"shapes": 3},
        "losses": {"steps": 20},
        "backprop": {"depths": [1, 2, 4]},
        "descent": {"training": {"epochs": 2}, "points": 9, "epochs": 1, "steps": 4},
        "convolution": {"heights": [7], "widths": [9]},
        "attention": {"tokens": [16, 32, 48, 64], "repeats": 0},
        "one_patch": {"images": 1},
    }
    for chapter, runs in RUNS.items():
        params[chapter]["runs"] = {run: params[chapter]["runs"][run] for run in runs}
        for run in runs:
            if (params[chapter]["runs"][run] or {}).get("from") not in runs:
                params[chapter]["runs"][run].pop("from", None)
        for profile in params["profiles"].values():
            left = profile.get(chapter, {}).get("leave_out", [])
            if isinstance(left, list) and left:
                profile[chapter]["leave_out"] = [run for run in left if run in runs]
    return params
