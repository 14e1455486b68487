"""Stage `evaluate`: chapters on the test split, which no other stage reads. `python -m stages.evaluate cnn`

It also publishes the records of the runs below `reports`, where they are in git. Runs whose weights, data and code are
those of the last evaluation are not evaluated again. DVC waits for every run of a chapter; without it those that are
trained so far are evaluated, and what is published of others stays as it is.
"""

import shutil
from collections.abc import Mapping
from typing import Any

from rdfia import chapters, config
from rdfia.analyse.evaluate_chapter import Evaluation, Right, evaluate_chapter
from rdfia.command import run_stage
from rdfia.data.store import find_tensors, load_split, save_tensors
from rdfia.files import write_json
from rdfia.record import layout, shape
from rdfia.record.run import RunRecord
from rdfia.study import runs
from rdfia.study.declaration import stage_code
from rdfia.study.definitions import Sources
from rdfia.train import device


def main(chapter: str, *others: str) -> None:
    params = config.load()
    code = stage_code("evaluate", Sources(layout.ROOT))
    for name in runs.allowed(params, (chapter, *others)):
        evaluate(params, name, code)


def evaluate(params: Mapping[str, Any], chapter: str, code: str) -> None:
    """Evaluate one chapter by the code of this hash."""
    profile = config.profile(params)
    every = {name: RunRecord.read(layout.trained(profile, chapter, name)) for name in runs.trained(params, chapter)}
    records = {name: record for name, record in every.items() if record.exists}
    if every and not records:
        raise config.ConfigError(f"{layout.trained(profile, chapter)}: no run is there; `rdfia sweep {chapter}` trains")
    dataset = chapters.dataset(params, chapter)
    train, validation, test = (
        load_split(layout.split(profile, dataset, name)) for name in ("train", "validation", "test")
    )
    answers, probes = layout.test(profile, chapter), layout.probes(profile, chapter)
    right = {name: find_tensors(layout.right(profile, chapter, name)) for name in records}
    before = shape.find_answers(answers)
    kept = Evaluation(before if probes.exists() else {}, find_tensors(probes), right)  # figures are drawn from both
    found = evaluate_chapter(records, (train, validation, test), code, kept, device.jobs())
    known = sum(found.answers[name] is kept.answers.get(name) for name in records)
    missing = len(every) - len(records)
    print(
        f"{chapter}: evaluated {len(records) - known} of {len(records)} runs, {known} were known"
        + (f", {missing} are not trained yet" if missing else "")
    )
    save_tensors(found.drawn, probes)
    together = before | found.answers
    published = layout.recorded(profile, chapter)
    published.mkdir(parents=True, exist_ok=True)  # DVC expects it of a chapter without runs too
    publish(profile, chapter, records, found.right)
    write_json({name: together[name] for name in every if name in together}, answers)
    for folder in published.iterdir():
        if folder.name not in every:
            shutil.rmtree(folder)


def publish(profile: str, chapter: str, records: Mapping[str, RunRecord], right: Right) -> None:
    """Copy the records below `reports` with the test images that are right.

    The answers are written after this: where a kill comes between, they are those of before, and the run is evaluated
    again the next time.
    """
    for name, record in records.items():
        record.publish(layout.recorded(profile, chapter, name))
        save_tensors(right[name], layout.right(profile, chapter, name))


if __name__ == "__main__":
    run_stage(main)
