"""What is tried: commands, and ways to disturb them."""

from dataclasses import dataclass

KILL, AIMED, TERM, CTRL_C, FULL, CUT = WAYS = (
    "SIGKILL at a random moment",
    "SIGKILL before a chosen operation on files",
    "SIGTERM at a random moment",
    "Ctrl-C at a random moment",
    "a full disk",
    "SIGKILL while DVC writes dvc.lock",
)
PAGES = ("index.html", "pages", "figures", "tables", "report.md", "summary.json", "claims.json", "metrics.json")
TESTED = ("reports/tiny/test/cnn.json", "reports/tiny/probes/cnn.safetensors", "reports/tiny/runs/cnn")


@dataclass(frozen=True)
class Work:
    """A command, what it makes (removed before a trial), and the stages that dvc.lock does not know before."""

    name: str
    words: tuple[str, ...]
    makes: tuple[str, ...]
    unlocked: tuple[str, ...] = ()


WORKS = (
    Work("prepare", ("stages.prepare", "cifar10"), ("data/tiny/cifar10", "reports/tiny/data/cifar10.json")),
    Work("train", ("stages.train", "cnn"), ("runs/tiny/cnn",)),
    Work("evaluate", ("stages.evaluate", "cnn"), TESTED),
    Work("report", ("stages.report",), tuple(f"reports/tiny/{name}" for name in PAGES)),
    Work("sweep", ("rdfia", "sweep", "-j", "2", "cnn", "mlp"), ("runs/tiny/cnn", "runs/tiny/mlp"), ("cnn@", "mlp@")),
    Work("repro", ("dvc", "repro", "evaluate@tiny-cnn"), (*TESTED, "runs/tiny/cnn"), ("cnn@", "evaluate@tiny-cnn")),
)
