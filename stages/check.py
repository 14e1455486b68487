"""Stage `check`: a setting that cannot be used ends the pipeline here, before any stage's old results are removed.

It also writes what is declared in small files, so that a stage depends on what concerns it and on nothing else.
"""

from dataclasses import asdict

from rdfia import config, theory
from rdfia.command import run_stage
from rdfia.files import whole_folder, write_json, write_text
from rdfia.record import layout
from rdfia.study import declaration, images, pipeline, runs, validate
from rdfia.study.definitions import Sources


def main() -> None:
    params = config.load()
    pipeline.check(params)
    print(validate.validate(params))
    folder, sources = layout.declared(config.profile(params)), Sources(layout.ROOT)
    with whole_folder(folder / "data") as fresh:
        for name in config.section(params, "data"):
            write_json(declaration.declare_data(params, name, sources), fresh / f"{name}.json")
    found = images.looked_at(config.profile(params))
    with whole_folder(folder / "images") as fresh:
        for name, one in found.items():
            write_json(one, fresh / f"{name}.json")
    with whole_folder(folder / "chapters") as fresh:
        for chapter in runs.chapters(params):
            declared = [declaration.declare(params, chapter, run, sources) for run in runs.runs(params, chapter)]
            write_json([asdict(one) for one in declared], fresh / f"{chapter}.json")
    questions = {name: question.model_dump(mode="json") for name, question in theory.resolve(params).items()}
    write_json(questions, folder / "theory.json")
    with whole_folder(folder / "stages") as fresh:
        for stage in declaration.STAGES:
            write_text(declaration.stage_code(stage, sources) + "\n", fresh / f"{stage}.txt")
    write_text(declaration.printed(params) + "\n", folder / "printed.txt")
    # A clone has none, as they hold images, and DVC refuses a stage that reads a folder which is not there.
    layout.probes(config.profile(params), "any").parent.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    run_stage(main)
