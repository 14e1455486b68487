"""Publish the files: one MLflow run for each declared run that has results, written once, and one for the report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdfia import revision
from rdfia.config import ConfigError, profile
from rdfia.record import layout
from rdfia.record.select import best
from rdfia.study import runs
from rdfia.track.client import PUBLISHING, Client, StoreError, connect, exclusive
from rdfia.track.figures import write_figures
from rdfia.track.held import CONTENT, Held
from rdfia.track.model import MISSING, exporting, log_model
from rdfia.track.result import Result, points, read
from rdfia.track.store import locate

if TYPE_CHECKING:
    from mlflow.entities import Run

# MLflow's limits on one request and on one value
PARAMS_PER_BATCH, KEY_LENGTH, PARAM_LENGTH, DIGEST_LENGTH = 100, 250, 6000, 36
FORM = "2"  # of what is written for a result: where a store has an older one, it is written anew
SPARED = "none: not the best of its chapter; `rdfia track --models` logs it"
CODE = ("rdfia", "stages", "params.yaml", "dvc.yaml")
NOTE = (
    "The files of the study. Accuracies are in percent; `mean/...` is the mean over the seeds, `seed_0/...` the first. "
    "The figures of the report are in the run `report`."
)


@dataclass(frozen=True)
class Published:
    """How many declared runs were written, were there already, or have no files; and the store."""

    new: int
    known: int
    missing: int
    store: str

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.new} new, {self.known} known, {self.missing} not run: {self.store}"


class UnpublishedError(ConfigError):
    """The store could not be used, from the beginning or from some point on."""

    def __init__(self, published: int, results: int, reason: object) -> None:
        left = f"{results - published} of {results} results" if published < results else "the figures of the report"
        super().__init__(f"not in MLflow: {left}; `rdfia track` publishes them. {reason}")
        self.published = published


def publish(params: dict[str, Any], root: Path, models: bool = False) -> Published:
    """Mirror the chosen profile's results; a result that the store holds already costs one look.

    A run is known by the digest of its files (tag `rdfia.content`) once it is finished. What a killed process left
    behind is deleted and written again, and so is a run without its model as soon as the weights are there.
    Publishers of one project wait for each other, so that no result is written twice. To export a model takes longer
    than all else: see `chosen` for those that are; with `models` all are.
    """
    results = [result for chapter in runs.chapters(params) for result in read(params, root, chapter).values()]
    missing, store = len(runs.trained_runs(params)) - len(results), locate(root)
    if not results:
        return Published(0, 0, missing, store.uri)
    wanted = {result.name for result in results} if models else chosen(params, results)
    there = list[Result]()
    try:
        with exclusive(store, store.publishing, PUBLISHING):
            client, experiment = connect(store, f"rdfia/{profile(params)}")
            held = Held(client, experiment)
            there += [r for r in results if _settled(r, held.runs_of(r.content), r.name in wanted)]
            new = [r for r in results if r not in there]
            _mirror(client, experiment, held, new, wanted, _commit(root) if new else "", there)
            write_figures(client, experiment, held, root / layout.report(profile(params)) / "figures")
    except StoreError as error:
        raise UnpublishedError(len(there), len(results), error) from None
    return Published(len(new), len(results) - len(new), missing, store.uri)


def _mirror(
    client: Client,
    experiment: str,
    held: Held,
    new: Sequence[Result],
    wanted: set[str],
    commit: str,
    there: list[Result],
) -> None:
    """Write new results in the place of what the store has of them; each that is written is `there`."""
    held.discard_unfinished([result.content for result in new])
    if new:
        client.set_experiment_tag(experiment, "mlflow.note.content", NOTE)
    with exporting([result for result in new if result.name in wanted]) as models:
        for result in sorted(new, key=lambda one: one.name in wanted):  # by the last of the others many are exported
            for run in held.runs_of(result.content):
                held.discard(run)
            name = held.free_name(result.name + (f" ({result.experiment})" if result.experiment else ""))
            model = next(models) if result.name in wanted else (Path(), SPARED)
            _write(client, experiment, name, result, commit, model)
            there.append(result)


def chosen(params: Mapping[str, Any], results: Sequence[Result]) -> set[str]:
    """Return the runs whose model is logged: of each chapter its first, and its best by validation."""
    chapters: dict[str, list[Result]] = {}
    for result in results:
        chapters.setdefault(result.chapter, []).append(result)
    firsts = {f"{chapter}/{runs.runs(params, chapter)[0]}" for chapter in chapters}
    winners = [best(one.record for one in group) for group in chapters.values()]
    return firsts | {one.name for group in chapters.values() for one in group if one.record in winners}


def _settled(result: Result, runs: "Sequence[Run]", wanted: bool) -> bool:
    """Whether a finished run of the store mirrors the result, with its model if that is wanted and can be made."""
    finished = [run for run in runs if run.info.status == "FINISHED" and run.data.tags.get("rdfia.form") == FORM]
    whole = [run for run in finished if run.data.tags.get("rdfia.model") not in (MISSING, SPARED)]
    return bool(whole or (finished and not (wanted and result.weights.is_file())))


def _write(client: Client, experiment: str, name: str, result: Result, commit: str, exported: tuple[Path, str]) -> None:
    """One run from first to last; until the closing line it counts as half-written.

    A run that diverged is a result like any other: FINISHED, with its `rdfia.status` tag to tell. The files come first
    and the numbers last, because MLflow reads all that it has of a run again and again.
    """
    config, state = dict(_flatten(result.record.settings)), exported[1]
    tags = {**_tags(result, commit), "rdfia.model": state, "mlflow.note.content": f"{result.title}\n\nModel: {state}"}
    run = client.create_run(experiment, start_time=result.moment(0), run_name=name, tags=tags)
    run_id = run.info.run_id
    for path in result.files:
        client.log_artifact(run_id, str(path))
    _log_data(client, run_id, result.record.data)
    # the model comes before the metrics, which name it
    if model := log_model(client, experiment, run_id, result, config, *exported):
        how = f'`mlflow.pyfunc.load_model("models:/{model}")`'
        client.set_tag(run_id, "mlflow.note.content", f"{tags['mlflow.note.content']}, {how}")
    _log_numbers(client, run_id, result, config, model)
    client.set_terminated(run_id, "FINISHED", end_time=result.moment(None))


def _log_numbers(client: Client, run_id: str, result: Result, config: Mapping[str, str], model: str | None) -> None:
    """The configuration and every point; the final figures are the model's too, if there is one."""
    from mlflow.entities import Metric, Param

    params = [Param(key, value) for key, value in config.items()]
    metrics = [
        Metric(p.key, p.value, result.moment(p.epoch), p.epoch, model_id=model if p.final else None)
        for p in points(result)
    ]
    for first in range(0, len(params), PARAMS_PER_BATCH):
        client.log_batch(run_id, params=params[first : first + PARAMS_PER_BATCH])
    if model:
        client.log_batch(run_id, metrics=[metric for metric in metrics if metric.model_id])
    client.log_curves(run_id, [metric for metric in metrics if not metric.model_id])


def _log_data(client: Client, run_id: str, card: Mapping[str, Any]) -> None:
    """The data that the run was trained on, as MLflow's own input record."""
    from mlflow.entities import Dataset, DatasetInput

    if card.get("name"):
        digest = str(card.get("sha256", ""))[:DIGEST_LENGTH]
        source = json.dumps({"source": card.get("source"), "provenance": card.get("provenance")})
        facts = json.dumps({key: card[key] for key in ("label", "shape", "counts", "classes") if key in card})
        client.log_inputs(run_id, [DatasetInput(Dataset(str(card["name"]), digest, "local", source, profile=facts))])


def _tags(result: Result, commit: str) -> dict[str, str]:
    """What the run is and where it comes from.

    `rdfia.commit` is the commit at publication, with `-dirty` where the code or the parameters differ from it;
    `mlflow.source.git.commit` is the one that the run was trained at.
    """
    card = result.record.data
    tags = {
        "rdfia.chapter": result.chapter,
        "rdfia.run": result.run,
        "rdfia.profile": result.profile,
        "rdfia.status": str(result.record.status),
        CONTENT: result.content,
        "rdfia.form": FORM,
        "rdfia.data.sha256": str(card.get("sha256", "")),
        "rdfia.data.label": str(card.get("label", "")),
        "rdfia.commit": commit,
        "rdfia.experiment": result.experiment,
        "mlflow.source.name": "dvc.yaml",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": str(result.record.timing.get("commit") or ""),
    }
    return {key: value for key, value in tags.items() if value}


def _flatten(config: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted keys; a list is one value."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _flatten(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        text = config if isinstance(config, str) else json.dumps(config)
        yield prefix[:KEY_LENGTH], text[:PARAM_LENGTH]


def _commit(root: Path) -> str:
    """The commit that is checked out, marked where code or parameters differ from it; nothing outside git."""
    head = revision.commit(root)
    return head + "-dirty" if head and revision.git(root, "status", "--porcelain", "--", *CODE) else head
