"""Stage `check`: a parameter that cannot be used ends the pipeline here, before any stage's old results are removed."""

from rdfia import config, places, study
from rdfia.command import one_line


def main() -> None:
    print(study.validate(config.load()))
    path = places.code("valid")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("valid\n", encoding="utf-8")


if __name__ == "__main__":
    with one_line():
        main()
