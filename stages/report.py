"""Stage `report`: tables, figures and the page, from the files alone."""

from pathlib import Path

from rdfia import config
from rdfia.command import one_line
from rdfia.report.engine.write import write

if __name__ == "__main__":
    with one_line():
        write(config.load(), Path())
