"""The made-up study written once, and its report."""

from pathlib import Path

import pytest

from rdfia.report.engine.write import write
from tests.report import sample


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on published data, as it was written."""
    root: Path = tmp_path_factory.mktemp("report")
    write(sample.write(root), root)
    return root / "reports" / "full"
