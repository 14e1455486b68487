"""The figures of the report, in one run: there are hundreds, and they show many runs together."""

from hashlib import sha256
from pathlib import Path

from rdfia.track.client import Client
from rdfia.track.held import Held

FIGURES = "rdfia.figures"  # the tag with the digest of the figures, once all are there
NOTE = "The figures of the report as they were when they were last published."


def write_figures(client: Client, experiment: str, held: Held, folder: Path) -> None:
    """Have the run `report` hold these figures and no others; if it does already that costs nothing."""
    figures = sorted(folder.glob("*.svg"))
    run = next((run for run in held.runs if FIGURES in run.data.tags), None)
    digest = _digest(figures)
    if not figures or (run and run.data.tags[FIGURES] == digest):
        return
    if run is None:
        tags = {FIGURES: "not all", "mlflow.note.content": NOTE}
        run = client.create_run(experiment, run_name="report", tags=tags)
    else:
        client.set_tag(run.info.run_id, FIGURES, "not all")
    run_id = run.info.run_id
    for path in figures:
        client.log_artifact(run_id, str(path), "figures")
    names = {f"figures/{path.name}" for path in figures}
    for file in client.list_artifacts(run_id, "figures"):
        if file.path not in names:
            held.delete_files(run.info.artifact_uri, file.path)
    client.set_tag(run_id, FIGURES, digest)
    client.set_terminated(run_id, "FINISHED")


def _digest(figures: list[Path]) -> str:
    """The SHA-256 of their names and contents."""
    digest = sha256()
    for path in figures:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()
