"""Stage `check`: a parameter that cannot be used ends the pipeline here, before any stage's old results are removed."""

from rdfia import config, places, study
from rdfia.command import one_line


def main() -> None:
    params = config.load()
    print(study.validate(params))
    places.declarations().mkdir(parents=True, exist_ok=True)
    for name, text in study.declarations(params).items():
        (places.declarations() / f"{name}.txt").write_text(text, encoding="utf-8")
    places.code("valid").write_text("valid\n", encoding="utf-8")


if __name__ == "__main__":
    with one_line():
        main()
