"""Stage `track`: the files of the study, mirrored in MLflow."""

from pathlib import Path

from rdfia import config
from rdfia.command import run_stage
from rdfia.files import write_json
from rdfia.record import layout
from rdfia.track import publish


def main() -> None:
    params = config.load()
    published = publish(params, Path())
    print(published)
    write_json({"runs": published.new + published.known}, layout.tracked(config.profile(params)))


if __name__ == "__main__":
    run_stage(main)
