"""The report of a profile: an overview, a page for each chapter, and their tables and figures as files.

Everything is written to a folder beside the report and moved into place at the end: a failure leaves the old one whole.
What could not be made because a chapter's arrays are not on this machine is kept as it was.
"""

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from rdfia.analyse import crate, published, verify
from rdfia.analyse.read_study import read_study
from rdfia.analyse.summary import headline_metrics, summary
from rdfia.files import scratch
from rdfia.report.engine import render
from rdfia.report.engine.assemble import assemble
from rdfia.report.engine.collect import chapter_makers
from rdfia.report.engine.context import Context
from rdfia.report.engine.names import known_names
from rdfia.words import listed

FILES = ("index.html", "report.md", "summary.json", "claims.json", "metrics.json", crate.FILE)
FOLDERS = ("pages", "tables", "figures")
PARTS = (*FILES, *FOLDERS)


def write(params: Mapping[str, Any], root: Path) -> None:
    """Read the results below `root` and write the report of the chosen profile."""
    context = Context(read_study(params, root), published.read())
    report = assemble(context)
    folder = context.study.folder()
    with scratch(folder / "index.html") as fresh:
        _fill(fresh, report)
        kept = _keep(folder, fresh, without_arrays(context) - {table.name for table in report.tables})
        _write_json(summary(context.study, context.verdicts), fresh / "summary.json")
        _write_json(verify.record(context.claims), fresh / "claims.json")
        _write_json(headline_metrics(context.study), fresh / "metrics.json")
        own = {name: (fresh / name).read_text("utf-8") for name in ("summary.json", "claims.json")}
        _write_json(crate.crate(context.study, own), fresh / crate.FILE)
        _replace(fresh, folder)
    counts = f"{sum(bool(table.rows) for table in report.tables)} tables, {len(report.drawings)} figures"
    print(f"{folder / 'index.html'}: {counts}" + (f"; kept as they were: {listed(kept)}" if kept else ""))


def without_arrays(context: Context) -> set[str]:
    """Return the names of all that chapters could show whose arrays are not on this machine."""
    missing = [chapter for chapter in context.study.active_chapters if not context.of(chapter).probes]
    return {name for each in missing for _, name in known_names(chapter_makers(each), context.of(each))}


def _keep(folder: Path, fresh: Path, names: Collection[str]) -> list[str]:
    """Copy the old tables and figures of these names that were not made, and return which they are."""
    old = [path for part in ("tables", "figures") for path in sorted((folder / part).glob("*")) if path.stem in names]
    kept = [path for path in old if not (fresh / path.parent.name / path.name).exists()]
    for path in kept:
        shutil.copyfile(path, fresh / path.parent.name / path.name)
    return list(dict.fromkeys(path.stem for path in kept))


def _fill(folder: Path, report: render.Report) -> None:
    """Write the pages, tables and figures into `folder`."""
    for name in FOLDERS:
        (folder / name).mkdir()
    for table in filter(lambda table: table.rows, report.tables):
        (folder / "tables" / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (folder / "tables" / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    for drawing in report.drawings:
        (folder / "figures" / f"{drawing.name}.svg").write_bytes(drawing.svg)
        (folder / "figures" / f"{drawing.name}.csv").write_text(drawing.numbers, encoding="utf-8")
    for path, page in render.files(report):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(page, encoding="utf-8")


def _write_json(content: Mapping[str, Any], path: Path) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _replace(fresh: Path, folder: Path) -> None:
    """Move the new parts over the old; a page, figure or table that is no longer made goes."""
    for name in PARTS:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        (fresh / name).replace(target)
