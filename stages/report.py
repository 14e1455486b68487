"""Stage `report`: tables, figures and pages, from the files of results alone."""

from rdfia import config
from rdfia.command import one_line
from rdfia.record import layout
from rdfia.report.engine.write import write


def main() -> None:
    write(config.load(), layout.ROOT)


if __name__ == "__main__":
    with one_line():
        main()
