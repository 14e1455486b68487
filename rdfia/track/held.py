"""What the store holds of a profile already, and what of it has to go."""

from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from rdfia.track.client import Client, StoreError

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run

CONTENT = "rdfia.content"  # the tag with the digest of the files that a run mirrors


class Held:
    """The runs and the logged models of an experiment."""

    def __init__(self, client: Client, experiment: str) -> None:
        self.client = client
        self.runs: list[Run] = _pages(client.search_runs, experiment)
        self.models: list[LoggedModel] = _pages(client.search_logged_models, experiment)
        self._given = set[str]()

    def runs_of(self, content: str) -> "list[Run]":
        """The runs that mirror these files."""
        return [run for run in self.runs if run.data.tags.get(CONTENT) == content]

    def free_name(self, name: str) -> str:
        """The name, or where a run has it the name with the next free number; it is taken from now on."""
        taken = self._given | {str(run.info.run_name) for run in self.runs}
        free = next(full for n in count(1) if (full := name if n == 1 else f"{name} #{n}") not in taken)
        self._given.add(free)
        return free

    def discard_unfinished(self, contents: Collection[str]) -> None:
        """Delete what a killed publisher left: runs that it did not finish, models that are pending for ever.

        A database is written by one publisher at a time; on a server another project's may be at work, and only runs
        of these contents are known to be left over.
        """
        for run in [run for run in self.runs if run.info.status == "RUNNING"]:
            content = run.data.tags.get(CONTENT)
            if content in contents or (content and self.client.store.database):
                self.discard(run)
        runs = {run.info.run_id for run in self.runs}
        for model in [model for model in self.models if model.status == "PENDING"]:
            if model.source_run_id not in runs:
                self._discard_model(model)

    def discard(self, run: "Run") -> None:
        """Delete a run, with its models and files."""
        for model in [model for model in self.models if model.source_run_id == run.info.run_id]:
            self._discard_model(model)
        self.delete_files(run.info.artifact_uri)
        self.client.delete_run(run.info.run_id)
        self.runs.remove(run)

    def _discard_model(self, model: "LoggedModel") -> None:
        self.delete_files(model.artifact_location)
        self.client.delete_logged_model(model.model_id)
        self.models.remove(model)

    def delete_files(self, place: str, path: str | None = None) -> None:
        """Delete files; MLflow keeps those of deleted runs, and some servers let nobody delete any."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        files = get_artifact_repository(place, tracking_uri=self.client.store.uri)
        with suppress(StoreError):
            self.client.call(files.delete_artifacts, path)


def _pages(search: Callable[..., Any], experiment: str) -> list[Any]:
    """All that a search finds, page by page."""
    found, token = list[Any](), None
    while token != "":
        page = search([experiment], page_token=token)
        found += page
        token = page.token or ""
    return found
