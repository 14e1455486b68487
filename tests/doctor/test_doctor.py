"""What the command finds, each provoked in a project of its own, and that a sound one passes."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdfia.doctor import examine, folder
from rdfia.files import SCRATCH
from rdfia.record import layout
from rdfia.record.run import HISTORY, METRICS, WEIGHTS
from rdfia.sweep import holders, lock
from rdfia.track.client import connect
from rdfia.track.store import locate
from tests.project import COUNT, Project, new

ALL = COUNT - 1  # one is left out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project in which one chapter is trained."""
    made = new(tmp_path_factory.mktemp("project"))
    made.first = made("python", "-m", "rdfia", "doctor")  # type: ignore[attr-defined]
    made("dvc", "repro", "mlp@tiny")
    lock_file = (made.root / lock.LOCK).read_text()
    (made.root / lock.COPY).parent.mkdir(parents=True, exist_ok=True)
    (made.root / lock.COPY).write_text(lock_file)
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


@pytest.fixture
def project(made: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The project as the working folder; its small files are put back."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "RDFIA_DEVICE", "RDFIA_JOBS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(made.root)
    names = ("params.yaml", "requirements.lock", "pyproject.toml", "dvc.lock", ".dvc/config")
    kept = {made.root / name: (made.root / name).read_bytes() for name in names}
    yield made
    for path, content in kept.items():
        path.write_bytes(content)


def lines(capsys: pytest.CaptureFixture[str], code: int) -> list[str]:
    """What the command prints; it ends with this code."""
    capsys.readouterr()
    assert examine() == code
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def found(capsys: pytest.CaptureFixture[str], beginning: str, code: int = 1) -> str:
    """The one line that begins so; what must be mended is that alone."""
    said = lines(capsys, code)
    (line,) = [line for line in said if line.startswith(beginning)]
    assert [line for line in said if line.startswith("MEND")] == [line] * code
    return line


def test_a_fresh_checkout_is_sound_and_says_what_is_to_do(made: Project) -> None:
    said = [" ".join(line.split()) for line in made.first.splitlines()]  # type: ignore[attr-defined]
    assert not [line for line in said if line.startswith("MEND")]
    assert "ok profile tiny" in said
    assert any(
        line.startswith("note data circles, rings, mnist, cifar10 and cifar10_grey: not prepared;") for line in said
    )
    assert any(
        line.startswith(f"note runs {ALL} of {ALL} are to train ({ALL} not trained: mlp/by_hand,") for line in said
    )
    assert any(line.startswith("ok disk ") and f"for {ALL} runs to train: {2 * ALL} seeds" in line for line in said)


def test_what_is_trained_and_prepared_is_today_s(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, 0)
    assert any(line.startswith(f"note runs {ALL - 2} of {ALL} are to train ({ALL - 2} not trained:") for line in said)
    assert "ok data 1 data sets are prepared and as their cards say, by the heads and sizes of files" in said
    assert any(line.startswith("ok cache .dvc/cache has all 2 results") for line in said)
    assert any(line.startswith("note mlflow") and line.endswith("`make` or `rdfia track` makes it") for line in said)


def test_runs_of_other_settings_and_without_weights(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    params = project.params()
    params["profiles"]["tiny"]["mlp"]["epochs"] = 3
    project.write_params(params)
    assert f"(2 of other settings, {ALL - 2} not trained: mlp/by_hand, mlp/lr_01, " in found(capsys, "note runs", 0)
    weights = layout.weights("tiny", "mlp", "lr_01")
    weights.rename("kept")
    assert f"(1 of other settings, {ALL - 1} not trained: " in found(capsys, "note runs", 0)
    Path("kept").rename(weights)


def test_results_that_a_crash_has_cut(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert any(line.startswith("ok files") for line in lines(capsys, 0))
    run = layout.trained("tiny", "mlp", "lr_01")
    for path in (run / HISTORY, run / WEIGHTS, run / METRICS):
        kept = path.rename("kept")
        path.write_bytes(kept.read_bytes()[:40])
        cut = [line for line in lines(capsys, 1) if line.startswith(f"MEND files {path}: found no ")]
        assert len(cut) == 1
        assert cut[0].endswith("where it is committed)")
        kept.replace(path)


def test_a_file_where_a_folder_belongs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = layout.report("tiny").rename("kept")
    layout.report("tiny").touch()
    said = "Not a directory; a folder belongs there: move the file away"
    assert any(line.endswith(said) for line in lines(capsys, 1))
    layout.report("tiny").unlink()
    folder.rename(layout.report("tiny"))


def test_what_does_not_fit_on_the_disk(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    params = project.params()
    params["profiles"]["tiny"]["vit"] |= {"seeds": 1000, "model": {"embed": 8192, "heads": 2, "blocks": 6}}
    project.write_params(params)
    said = lines(capsys, 1)
    assert any(line.startswith("MEND disk") and line.endswith("; free some space") for line in said)
    assert any(line.startswith("note memory") for line in said)


def test_packages_that_are_missing_or_other(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("requirements.lock").read_text()
    Path("requirements.lock").write_text(text.replace("\npydantic==", "\npydantic==0.", 1))
    assert "packages are not as locked: pydantic " in found(capsys, "note python", 0)
    text = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(text.replace('"torch>=2.11"', '"torch>=99", "no-such-package"'))
    assert "2 needed packages are not there: torch>=99, no-such-package; `make setup`" in found(capsys, "MEND python")


@pytest.mark.parametrize(("variable", "value"), [("RDFIA_DEVICE", "abacus"), ("RDFIA_JOBS", "many")])
def test_settings_of_the_environment(
    project: Project, variable: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert any(f"MEND device {variable}: found '{value}', allowed: " in line for line in lines(capsys, 1))


def test_parameters_that_cannot_be_read(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    Path("params.yaml").write_text("profile: [")
    assert found(capsys, "MEND profile params.yaml: ")
    assert any(line.startswith("ok dvc") for line in lines(capsys, 1))


def test_data_that_are_cut_or_of_another_card(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    path, card = layout.split("tiny", "circles", "train"), layout.card("tiny", "circles")
    content, told = path.read_bytes(), card.read_text()
    path.write_bytes(content[:-8])
    remedy = "; remove data/tiny/circles, then `dvc repro prepare@tiny-circles`"
    assert found(capsys, f"MEND data {path}: ").endswith(remedy)
    path.write_bytes(content)
    card.write_text(json.dumps(json.loads(told) | {"counts": {"train": 7}}))
    assert ", its card has [7, 2]" in found(capsys, f"MEND data {path}: found examples of [")
    card.write_text(told)


def test_images_that_are_not_there(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    params = project.params()
    source = {"name": "folders", "path": "flowers.zip"}
    params["profiles"]["tiny"]["data"]["rings"] = {"source": source, "validation": 5}
    project.write_params(params)
    wanted = "MEND data data.rings.source.path: found flowers.zip, which does not exist; put the images there"
    assert wanted in lines(capsys, 1)


def test_a_lock_file_that_is_cut_or_in_conflict(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = lock.LOCK.read_text()
    lock.LOCK.write_text(text[: len(text) // 2])
    assert found(capsys, "MEND dvc dvc.lock: cut").endswith("; `rdfia mend` restores it")
    lock.mend()
    assert lock.LOCK.read_text() == text
    lock.LOCK.write_text(f"<<<<<<< HEAD\n{text}")
    assert "has a conflict of git's" in found(capsys, "MEND dvc dvc.lock: ")


def test_notes_of_dvc_that_are_cut_or_of_one_that_was_killed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    holders.NOTED.write_text('{"write": {')
    assert found(capsys, "MEND dvc .dvc/tmp/rwlock: cut").endswith("; `rdfia mend` removes it")
    with subprocess.Popen(["sleep", "60"]) as process:
        noted = {"pid": process.pid, "cmd": "dvc repro"}
        holders.NOTED.write_text(json.dumps({"write": {"runs/tiny/mlp": noted}, "read": {}}))
        assert f"process {process.pid} (sleep 60) is at work in this folder" in found(capsys, "note dvc", 0)
        os.utime(holders.NOTED, (0, 0))
        assert f"process {process.pid} (sleep 60)" in found(capsys, "MEND dvc .dvc/tmp/rwlock: DVC waits")
        process.kill()
    assert not [line for line in lines(capsys, 0) if "rwlock" in line]  # DVC drops it by itself
    holders.NOTED.unlink()


def test_a_command_of_dvc_that_is_at_work(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"import zc.lockfile; held = zc.lockfile.LockFile({str(holders.LOCK)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert f"process {process.pid} (" in found(capsys, "note dvc", 0)
        process.communicate("\n")


def test_a_cache_that_lost_results(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".dvc/cache/files").rename("kept")
    assert "2 of 2 results of dvc.lock are not in .dvc/cache; " in found(capsys, "note cache", 0)
    Path("kept").rename(".dvc/cache/files")
    Path(".dvc/config").write_text("[cache]\n    dir = ../elsewhere\n")
    assert found(capsys, "note cache .dvc/../elsewhere: not there yet", 0)


def test_a_store_of_another_folder_or_none(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, experiment = connect(locate(Path()), "rdfia/tiny")
    client.set_terminated(client.create_run(experiment).info.run_id)
    assert found(capsys, "ok mlflow", 0).endswith("is of this folder, with 1 runs of tiny")
    shutil.copy("mlflow.db", tmp_path)
    monkeypatch.chdir(tmp_path)
    (moved,) = folder.mlflow("tiny")
    assert f"keeps its files in file://{project.root}/mlartifacts/rdfia/tiny, as it was copied or moved" in moved.state
    Path("mlflow.db").write_text("no database")
    (wrong,) = folder.mlflow("tiny")
    assert str(wrong).startswith("MEND")
    assert "cannot be read" in wrong.state
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        (silent,) = folder.mlflow("tiny")
        assert str(silent).startswith("MEND")
        assert "does not answer" in silent.state
        server.listen()
        (answers,) = folder.mlflow("tiny")
        assert str(answers).startswith("ok")
        assert answers.state.endswith(" answers")


def test_what_kills_and_others_left(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    left = Path("runs/tiny/mlp") / f"{SCRATCH}{process.pid}-x"
    checkpoint = layout.checkpoints("tiny", "cnn", "zca") / "0123-0.safetensors"
    for path in (left, checkpoint.parent, layout.trained("tiny", "mlp", "gone")):
        path.mkdir(parents=True)
    checkpoint.touch()
    said = lines(capsys, 0)
    assert f"note left 1 folders that a kill left half-written, such as {left}; `rdfia prune`" in said
    assert "note left 1 runs were stopped and have checkpoints; `rdfia sweep` goes on from them" in said
    assert "note left 1 files of runs that are not declared, such as runs/tiny/mlp/gone; `rdfia prune`" in said
    project("python", "-m", "rdfia", "prune")
    shutil.rmtree(checkpoint.parent)
    assert not [line for line in lines(capsys, 0) if line.startswith("note left")]
