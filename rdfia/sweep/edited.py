"""The code as it was when a sweep began, which is that of memory: whatever is edited meanwhile, it is what trains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rdfia.record import layout

if TYPE_CHECKING:
    from rdfia.study.train_run import Task

PACKAGE = "rdfia"


@dataclass(frozen=True)
class Code:
    """The modules of the package by their paths."""

    modules: Mapping[Path, bytes]

    @classmethod
    def now(cls) -> "Code":
        """Read them as they are."""
        return cls(
            {path.relative_to(layout.ROOT): path.read_bytes() for path in layout.ROOT.glob(f"{PACKAGE}/**/*.py")}
        )

    def edited(self, tasks: "Iterable[Task]") -> list[str]:
        """Return the keys of the tasks whose hash is of other code than this: it is read anew for each wave of runs."""
        from rdfia.study.declaration import roots
        from rdfia.study.definitions import Sources

        if self == Code.now():
            return []
        with TemporaryDirectory() as folder:
            for path, content in self.modules.items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_bytes(content)
            sources = Sources(Path(folder))
            return [task.key for task in tasks if task.run and sources.fingerprint(roots(task.run)) != task.code_sha256]
