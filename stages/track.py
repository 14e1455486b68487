"""Stage `track`: the files of the study, mirrored in MLflow. A store that cannot be used ends no pipeline."""

import sys
from pathlib import Path

from rdfia import config
from rdfia.command import run_stage
from rdfia.files import write_json
from rdfia.record import layout
from rdfia.track import UnpublishedError, publish


def main() -> None:
    params = config.load()
    try:
        published = publish(params, Path())
        print(published)
        count = published.new + published.known
    except UnpublishedError as error:
        print(f"warning: {error}", file=sys.stderr)
        count = error.published
    write_json({"runs": count}, layout.tracked(config.profile(params)))


if __name__ == "__main__":
    run_stage(main)
