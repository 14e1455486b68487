"""The made-up study of the report's tests, as results to load."""

from pathlib import Path

import pytest

from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import Study
from tests.report import sample


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The sample study under the full profile."""
    root: Path = tmp_path_factory.mktemp("study")
    return read_study(sample.write(root), root)
