"""The pictures of the README: the first screen of the report, and one of its figures."""

import shutil
from pathlib import Path

from rdfia import config
from rdfia.command import run_stage
from rdfia.config import ConfigError
from rdfia.files import scratch
from rdfia.record import layout
from rdfia.report import paper

FOLDER = Path("docs")
SCREEN, SIZE = "report.png", "1300,900"
PICTURE = "figure.svg"
FIGURE = "mlp_implementation_strip"  # how a boundary comes about, which says at one glance what is studied


def main() -> None:
    """Write both into docs/, from the report of the chosen profile."""
    folder = layout.report(config.profile(config.load()))
    page, figure = folder / "index.html", folder / "figures" / f"{FIGURE}.svg"
    for path in (page, figure):
        if not path.exists():
            raise ConfigError(f"{path}: missing; `make` or `python -m stages.report` writes it")
    browser = paper.find_browser()
    with scratch(FOLDER / SCREEN) as fresh:
        paper.browse(browser, page, fresh / SCREEN, f"--screenshot={fresh / SCREEN}", f"--window-size={SIZE}")
        (fresh / SCREEN).replace(FOLDER / SCREEN)
    shutil.copyfile(figure, FOLDER / PICTURE)
    print(f"{FOLDER / SCREEN}, {FOLDER / PICTURE}: from {folder}")


if __name__ == "__main__":
    run_stage(main)
