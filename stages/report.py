"""Stage `report`: tables, figures and pages, from the files of results alone."""

from rdfia import config
from rdfia.command import run_stage
from rdfia.record import layout
from rdfia.report.engine.write import write


def main() -> None:
    write(config.load(), layout.ROOT)


if __name__ == "__main__":
    run_stage(main)
