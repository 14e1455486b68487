"""The command `rdfia`: look at a resolved run, clear away, publish to MLflow, open its UI, measure what a run costs."""

import argparse
import os
import shutil
from pathlib import Path

import yaml

from rdfia import config, declared, places
from rdfia.command import one_line


def main() -> None:
    parser = argparse.ArgumentParser(prog="rdfia", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    shown = commands.add_parser("params", help="print a run as it is trained: base, profile and its own lines merged")
    shown.add_argument("chapter")
    shown.add_argument("run", nargs="?", help="without it: the names of the chapter's runs")
    shown.set_defaults(act=lambda a: show(a.chapter, a.run))
    swept = commands.add_parser("sweep", help="train every stale run side by side, and commit what ended well to DVC")
    swept.add_argument("-j", "--jobs", type=int, help="how many at once; without it: one a core")
    swept.add_argument("chapters", nargs="*", help="without names: all")
    swept.set_defaults(act=lambda a: sweep(a.jobs, a.chapters))
    tracked = commands.add_parser("track", help="publish to MLflow what is not there yet")
    tracked.add_argument(
        "--models", action="store_true", help="with every run's model, not those of a chapter's first and best alone"
    )
    tracked.set_defaults(act=lambda a: track(a.models))
    for name, act, text in (
        ("check", check, "validate every declared run and data set of the chosen profile"),
        ("where", where, "say where the report lies"),
        ("prune", prune, "remove the files of runs that params.yaml no longer declares"),
        ("ui", ui, "publish, then open MLflow's UI on 127.0.0.1:5000"),
        ("bench", bench, "measure what one run costs"),
    ):
        commands.add_parser(name, help=text).set_defaults(act=lambda _, act=act: act())
    arguments = parser.parse_args()
    with one_line():
        arguments.act(arguments)


def show(chapter: str, run: str | None) -> None:
    from rdfia import chapters

    params = config.load()
    if run is None:
        chapters.kind(chapter)
        print("\n".join(chapters.runs(params, chapter)))
    else:
        settings = chapters.resolve(params, chapter, run).model_dump(mode="json")
        print(yaml.safe_dump(settings, sort_keys=False), end="")


def sweep(jobs: int | None, chapters: list[str]) -> None:
    from rdfia.sweep import main
    from rdfia.train import device

    if jobs is not None and jobs < 1:
        raise config.ConfigError(f"--jobs: found {jobs}, allowed: 1 or more")
    main(jobs or device.jobs(), chapters)


def check() -> None:
    from rdfia.study import validate

    print(validate(config.load()))


def where() -> None:
    page = Path("reports") / config.profile(config.load()) / "index.html"
    print(f"report: {page.resolve().as_uri()}" if page.exists() else f"{page}: not there yet; `dvc repro` writes it")


def prune() -> None:
    """Files below the chosen profile whose run is not declared; cached copies are `dvc gc --workspace`'s to remove."""
    params = config.load()
    profile, kept = config.profile(params), set(declared.runs(params))
    folders = places.run(profile, "*", "*").parent.parent.parent.glob("runs/*/*")
    weights = Path("weights", profile).glob("*/*.safetensors")
    stale = [p for p in folders if (p.parent.name, p.name) not in kept]
    stale += [p for p in weights if (p.parent.name, p.stem) not in kept]
    for path in sorted(stale):
        print(f"removed {path}")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{len(stale)} files and folders of runs that are not declared")


def track(models: bool = False) -> None:
    from rdfia.track import publish

    print(publish(config.load(), Path(), models))


def ui() -> None:
    from rdfia.track import ui_command

    track()
    command, environment = ui_command(Path())
    print(f"MLflow UI: http://127.0.0.1:5000 (ends with Ctrl-C): {' '.join(command)}", flush=True)
    os.execvpe(command[0], command, environment)


def bench() -> None:
    from rdfia.bench import measure

    measure(Path("reports/bench"))


if __name__ == "__main__":
    main()
