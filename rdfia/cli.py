"""The command `rdfia`: look at a run, train what is stale, compare, see what is amiss, clear away, publish."""

import argparse
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rdfia import config
from rdfia.bench import PARTS
from rdfia.command import Parser, one_line
from rdfia.record import layout

NAMES = "a chapter or a run, as cnn or cnn/zca; without names: all"

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


def main() -> None:
    parser = Parser(prog="rdfia", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _of_runs(commands)
    _of_results(commands)
    for name, act, text in (
        ("doctor", examine, "say in a few lines what is not as it should be, each with its remedy"),
        ("check", check, "validate every declared run and data set of the chosen profile"),
        ("pipeline", write_pipeline, "write dvc.yaml from the chapters of params.yaml"),
        ("experiments", experiments, "DVC's experiments with what each changed and what came out"),
        ("findings", write_findings, "write docs/findings.md and README.md's tables from the committed results"),
        ("where", where, "say where the report lies"),
        ("pdf", pdf, "print the report as one PDF with contents and page numbers, by Chromium"),
        ("prune", prune, "remove the files of runs that params.yaml no longer declares"),
        ("mend", mend, "restore dvc.lock where a kill cut it while DVC wrote it"),
    ):
        commands.add_parser(name, help=text).set_defaults(act=lambda _, act=act: act())
    arguments = parser.parse_args()
    with one_line():
        arguments.act(arguments)


def _of_runs(commands: "Commands") -> None:
    """Add the commands that look at runs and train them."""
    shown = commands.add_parser("params", help="print a run as it is trained, and where each setting comes from")
    shown.add_argument("chapter")
    shown.add_argument("run", nargs="?", help="without it: the names of the chapter's runs")
    shown.add_argument("--code", action="store_true", help="print the definitions that the run's result depends on")
    shown.set_defaults(act=lambda a: show(a.chapter, a.run, a.code))
    tried = commands.add_parser("try", help="train a run with other settings and write nothing: a quick look")
    tried.add_argument("chapter")
    tried.add_argument("run")
    tried.add_argument("settings", nargs="*", default=[], metavar="key=value", help="such as normalise.epsilon=0.01")
    tried.set_defaults(act=lambda a: try_run(a.chapter, a.run, a.settings))
    swept = commands.add_parser("sweep", help="train every stale run side by side, and commit what ended well to DVC")
    swept.add_argument("-j", "--jobs", type=int, help="how many at once; without it: one a core")
    swept.add_argument("--executor", default="local", help="local: processes of this machine (default); ray: a cluster")
    swept.add_argument("--address", help="of a Ray cluster, as HOST:6379; without it: one begun on this machine alone")
    swept.add_argument("--cpus", type=int, help="cores that Ray keeps for each run (1)")
    swept.add_argument("--gpus", type=float, help="of a GPU that Ray keeps for each run (0.25 where nodes have GPUs)")
    swept.add_argument("names", nargs="*", default=[], metavar="name", help=NAMES)
    swept.set_defaults(act=sweep)
    again = commands.add_parser("replay", help="check stale runs by their first epochs instead of training them again")
    again.add_argument("-k", "--epochs", type=int, default=1, help="how many epochs (1)")
    again.add_argument("--seeds", type=int, help="of how many seeds; without it: of all")
    again.add_argument("--tolerance", type=float, default=0.0, help="how far figures may lie apart (0)")
    again.add_argument("names", nargs="*", default=[], metavar="name", help=NAMES)
    again.set_defaults(act=lambda a: replay(a.names, a.epochs, a.seeds, a.tolerance))


def _of_results(commands: "Commands") -> None:
    """Add the commands that judge results, compare them and publish them."""
    text = "say of each claim of the reports whether the recorded runs bear it out"
    end = "Ends with 1 if a claim cannot be decided here, as without a result: its line says why. Otherwise with 0."
    verified = commands.add_parser("verify", help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=end)
    verified.add_argument("--profile", help="whose results; without it: those of the profile in params.yaml")
    verified.add_argument("--json", action="store_true", help="one JSON object, as claims.json beside the report")
    verified.add_argument("claims", nargs="*", default=[], help="names in rdfia/analyse/claims.yaml; without any: all")
    verified.set_defaults(act=lambda a: verify(a.profile, a.claims, a.json))
    compared = commands.add_parser("compare", help="name every difference between two folders of results")
    compared.add_argument("first", type=Path)
    compared.add_argument("second", type=Path)
    compared.add_argument("patterns", nargs="*", default=[], help="files to compare, such as '*.csv'; without any: all")
    compared.set_defaults(act=lambda a: compare(a.first, a.second, a.patterns))
    tracked = commands.add_parser("track", help="publish to MLflow what is not there yet")
    tracked.add_argument("--models", action="store_true", help="every run's model, not only a chapter's first and best")
    tracked.set_defaults(act=lambda a: track(a.models))
    opened = commands.add_parser("ui", help="publish, then open MLflow's UI on this machine alone")
    opened.add_argument("--port", type=int, default=5000, help="(5000)")
    opened.set_defaults(act=lambda a: ui(a.port))
    timed = commands.add_parser("bench", help="measure training's speed, what a run and the study cost, and growth")
    timed.add_argument("parts", nargs="*", default=[], help=f"{', '.join(PARTS)}; without names: all")
    timed.set_defaults(act=lambda a: bench(a.parts))


def show(chapter: str, run: str | None, code: bool) -> None:
    from rdfia.study import declaration, runs
    from rdfia.study.definitions import Sources

    params = config.load()
    (chapter,) = runs.allowed(params, [chapter])
    if run is None and code:
        raise config.ConfigError(f"--code: found no run, allowed: with the name of a run of {chapter}")
    if run is None:
        print("\n".join(runs.runs(params, chapter)))
    elif code:
        found = Sources(layout.ROOT).reached(declaration.roots(runs.resolve(params, chapter, run)))
        print("\n".join(f"{module}:{name or '(loose statements)'}" for module, name in found))
    else:
        rows = [(key, str(value), where) for key, value, where in runs.origins(params, chapter, run)]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        print("\n".join(f"{key:<{widths[0]}}  {value:<{min(widths[1], 60)}}  {where}" for key, value, where in rows))


def try_run(chapter: str, run: str, settings: list[str]) -> None:
    from rdfia.sweep.try_run import try_run

    try_run(chapter, run, settings)


def sweep(words: argparse.Namespace) -> None:
    from rdfia.sweep.sweep import sweep

    at_least_one("--jobs", words.jobs)
    at_least_one("--cpus", words.cpus)
    if words.gpus is not None and not 0 <= words.gpus < math.inf:
        raise config.ConfigError(f"--gpus: found {words.gpus}, allowed: 0 or more, as 0.25")
    if words.executor == "ray":
        from rdfia.sweep.ray_cluster import cluster

        raise SystemExit(sweep(words.jobs, words.names, cluster(words.address, words.cpus, words.gpus)))
    if words.executor != "local":
        raise config.ConfigError(f"--executor: found {words.executor!r}, allowed: local, ray")
    for option in ("address", "cpus", "gpus"):
        if (value := getattr(words, option)) is not None:
            raise config.ConfigError(f"--{option}: found {value}, allowed: with --executor ray alone")
    raise SystemExit(sweep(words.jobs, words.names))


def replay(names: list[str], epochs: int, seeds: int | None, tolerance: float) -> None:
    from rdfia.sweep.replay import replay

    at_least_one("--epochs", epochs)
    at_least_one("--seeds", seeds)
    if not tolerance >= 0:
        raise config.ConfigError(f"--tolerance: found {tolerance}, allowed: 0 or more")
    raise SystemExit(replay(names, epochs, seeds, tolerance))


def at_least_one(option: str, value: int | None) -> None:
    """Refuse a count below one."""
    if value is not None and value < 1:
        raise config.ConfigError(f"{option}: found {value}, allowed: 1 or more")


def verify(profile: str | None, claims: list[str], as_json: bool) -> None:
    from rdfia.analyse.verify import computed, outcomes, text

    found = outcomes(config.load(), layout.ROOT, profile, claims)
    print(text(found, as_json))
    raise SystemExit(int(not computed(found)))


def compare(first: Path, second: Path, patterns: list[str]) -> None:
    from rdfia.compare import compare

    lines = compare(first, second, tuple(patterns))
    print("\n".join([*lines, f"{len(lines)} differences"]) if lines else "no difference")
    raise SystemExit(int(bool(lines)))


def check() -> None:
    from rdfia.study import images, pipeline
    from rdfia.study.validate import validate

    params = config.load()
    print(validate(params))
    pipeline.check(params)
    images.renew(config.profile(params))


def write_pipeline() -> None:
    from rdfia.files import write_text
    from rdfia.study import pipeline

    write_text(pipeline.text(config.load()), pipeline.PIPELINE)
    print(f"{pipeline.PIPELINE}: written")


def write_findings() -> None:
    from rdfia.report.findings_page import write

    print(write(config.load(), layout.ROOT))


def experiments() -> None:
    from rdfia.sweep.experiments import table

    print(table())


def where() -> None:
    page = layout.report(config.profile(config.load())) / "index.html"
    print(f"report: {page.resolve().as_uri()}" if page.exists() else f"{page}: not there yet; `dvc repro` writes it")


def pdf() -> None:
    from rdfia.report import paper

    print(paper.write(layout.report(config.profile(config.load()))))


def prune() -> None:
    from rdfia.study.prune import prune

    prune(config.load())


def examine() -> None:
    from rdfia.doctor import examine

    raise SystemExit(examine())


def mend() -> None:
    from rdfia.sweep import lock

    config.load()  # which says where there is no project
    lock.mend()
    print(f"{lock.LOCK}: whole, with {len(lock.locked())} stages")


def track(models: bool = False) -> None:
    from rdfia.track import publish

    print(publish(config.load(), Path(), models))


def ui(port: int) -> None:
    from rdfia.track import runs_table, ui_command

    command, environment = ui_command(Path(), port)
    track()
    print(f"MLflow UI (ends with Ctrl-C): {runs_table(config.load(), Path(), port)}", flush=True)
    os.execvpe(command[0], command, environment)


def bench(parts: list[str]) -> None:
    from rdfia.bench import measure

    measure(parts)
