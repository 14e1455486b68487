"""A sweep on a real Ray cluster of two nodes: the bytes of a local one, past nodes, workers and drivers that die."""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from rdfia import chapters, cli
from rdfia.command import UNUSABLE
from rdfia.config import ConfigError, load, profile
from rdfia.parallel import Message
from rdfia.record.run import TIMING, RunRecord
from rdfia.study.train_run import Task, leave_out, load_data, tasks, train
from rdfia.sweep import ray_executor
from rdfia.sweep.sweep import local
from stages import prepare
from tests.processes import linux, read_line, session, slow, started, wait_until
from tests.project import LEFT_OUT, ROOT, RUNS, environment, new, shrink

there = pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed: nothing can be sent to a cluster")
pytestmark = [linux, there]
FIRST = [chapter for chapter in RUNS if chapter != "vit_timm"]  # of which vit_timm takes weights
DATA = ("circles", "rings", "mnist", "cifar10", "cifar10_grey")
EPOCHS = 60
FOLDERS: list[str] = []
SOON = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000, "health_check_failure_threshold": 10}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Path:
    """The code, parameters at their smallest, and prepared data, as the current folder."""
    root = tmp_path_factory.mktemp("project")
    (root / "rdfia").symlink_to(ROOT / "rdfia")
    params = shrink(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    patch.chdir(root)
    for name in DATA:
        prepare.main(name)
    for task in chosen(["svm", "pretrain"]):  # what they import need not be imported in every process
        trained_here(task)
    waves(local)  # before Ray begins threads, beside which nothing should be forked
    Path("runs").rename("local")
    return root


def added(cluster: Any, **settings: Any) -> Any:
    """One more node, with a folder of its own, as on a machine of its own."""
    FOLDERS.append(tempfile.mkdtemp(prefix="ray"))  # short: sockets lie there
    return cluster.add_node(temp_dir=FOLDERS[-1], **settings)


@pytest.fixture(scope="module")
def nodes(project: Path, patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of two nodes with a core each, which asks for a token; the first is ours."""
    token = project / "token"
    token.write_text("0" * 64)
    token.chmod(0o600)
    given = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RDFIA_CHECKPOINT_SECONDS": "0"}
    for name, value in given.items():
        patch.setenv(name, value)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "_system_config": SOON})
    added(made, num_cpus=1)
    yield made
    made.shutdown()
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def execute(nodes: Any) -> Iterator[Any]:
    """The executor of a sweep, connected once: each connection has workers of its own, which import all anew."""
    from rdfia.sweep.ray_cluster import cluster

    with cluster(nodes.address, None, None) as execute:
        yield execute


def chosen(names: Sequence[str], **settings: Any) -> list[Task]:
    """The runs of chapters, as a sweep makes them of the parameters, with some settings of the profile changed."""
    params = load()
    for name in names:
        params["profiles"]["tiny"][name] |= settings
    return tasks(params, {name: RUNS[name] for name in names})


Hear = Callable[[Message], object]


def ends(execute: Any, todo: Sequence[Task], hear: Hear = lambda _: None) -> tuple[dict[str, Message], list[str]]:
    """How each run ended, each once, and the lines that are of no run; what is left out needs no cluster."""
    params, found, lines = load(), dict[str, Message](), list[str]()
    for task in todo:
        if task.run is None:
            leave_out(task)
    todo = [task for task in todo if task.run is not None]
    data = {task.chapter: load_data(profile(params), chapters.dataset(params, task.chapter)) for task in todo}
    with closing(execute(todo, data, None, lambda place: Path(f"{place}.log"))) as messages:
        for message in messages:
            hear(message)
            if message.ended:
                name = f"{todo[message.place].chapter}/{todo[message.place].name}"
                assert name not in found
                found[name] = message
            elif message.place < 0 and message.content:
                lines.append(message.content)
    return found, lines


def waves(execute: Any) -> dict[str, Message]:
    """How every run ended, those last that begin from the weights of others."""
    return ends(execute, chosen(FIRST))[0] | ends(execute, chosen(["vit_timm"]))[0]


def trained_here(task: Task) -> None:
    train(task, load_data("tiny", chapters.dataset(load(), task.chapter)), 1, lambda _: None)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of runs but those that hold times."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != TIMING)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def workers() -> list[psutil.Process]:
    """The processes of our nodes that train now."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "ray::work" in " ".join(one.cmdline()):
                found.append(one)
    return found


def test_every_run_has_the_bytes_of_a_local_sweep(project: Path, execute: Any) -> None:
    assert str(execute).count("1 CPU") == 2
    found = waves(execute)
    assert {name for name, one in found.items() if one.error is None} == {
        f"{chapter}/{run}" for chapter, names in RUNS.items() for run in names if f"{chapter}/{run}" != LEFT_OUT
    }
    assert bytes_of(Path("runs")) == bytes_of(Path("local"))
    assert len({one.content for one in found.values()}) == 2  # both nodes had work
    for path in Path("local").rglob(TIMING):
        there = RunRecord.read(Path("runs") / path.parent.relative_to("local")).timing
        assert there.keys() == RunRecord.read(path.parent).timing.keys()
    assert not list(Path(".dvc").rglob("*.safetensors"))


def test_a_node_that_dies_costs_its_run_one_epoch(project: Path, nodes: Any, execute: Any) -> None:
    (todo,) = chosen(["vit"], epochs=5 * EPOCHS)
    there, resumed = [added(nodes, num_cpus=2)], list[str]()  # the one node that has room for it

    def hear(message: Message) -> None:
        resumed.extend(re.findall(r"goes on after epoch", str(message.content)))
        if len(there) == 1 and list(Path(".dvc").rglob("*.safetensors")):
            nodes.remove_node(there[0], allow_graceful=False)
            there.append(added(nodes, num_cpus=2))

    try:
        found, lines = ends(type(execute)(execute.ray, 2, 0), [todo], hear)
    finally:
        nodes.remove_node(there[-1])
    assert len(there) == 2
    assert [one.error for one in found.values()] == [None]
    assert re.search(rf"^vit/small was lost on \S+#{there[0].node_id[:4]} .* and is sent again$", lines[0])
    assert resumed
    assert not list(Path(".dvc").rglob("*.safetensors"))
    resumed_bytes = bytes_of(Path("runs/tiny/vit"))
    trained_here(todo)
    assert bytes_of(Path("runs/tiny/vit")) == resumed_bytes


def test_what_fails_is_one_line_and_stops_no_other(
    project: Path, execute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = chosen(["cnn"], sample=9999)[0], chosen(["cnn"])[1]
    found, _ = ends(execute, [bad, good])
    assert found["cnn/zca"].error is None
    assert type(found["cnn/baseline"].error) is ConfigError
    said = str(found["cnn/baseline"].error)
    assert re.fullmatch(r"params.yaml: profiles.tiny.cnn.sample: found 9999, allowed: 1 to \d+, .*", said)
    assert f"ConfigError: {said}" in Path("0.log").read_text()
    monkeypatch.setattr(ray_executor, "TRIES", 2)
    found, lines = ends(execute, chosen(["vit"], epochs=EPOCHS), kill_workers)
    assert type(found["vit/small"].error).__name__ == "WorkerCrashedError"
    assert sum("vit/small was lost" in line for line in lines) == 1


def kill_workers(message: Message) -> None:
    """Kill what trains a run when it says that it begins."""
    if "starts on" in str(message.content):
        for one in workers():
            with suppress(psutil.Error):
                one.kill()


def test_a_worker_that_differs_is_refused_in_one_line(project: Path, nodes: Any, execute: Any) -> None:
    other = project / "other" / "torch-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 0.1\n")
    odd = added(nodes, num_cpus=2, env_vars={"PYTHONPATH": str(other.parent)})
    refusal = rf"#{odd.node_id[:4]} is refused: torch 0.1 there, \d\S+ here"
    try:
        found, lines = ends(execute, chosen(["cnn", "mlp"]))
        assert [one.error for one in found.values()] == [None] * 4
        assert len([line for line in lines if re.search(refusal + "$", line)]) == 1
        with pytest.raises(ConfigError, match=refusal + "; no other node is left"):
            ends(type(execute)(execute.ray, 2, 0), chosen(["mlp"]))
    finally:
        nodes.remove_node(odd)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The line that a command of bad input ends with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rdfia", "sweep", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == UNUSABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--executor dask", "--executor: found 'dask', allowed: local, ray"),
        ("--address here:6379", "--address: found here:6379, allowed: with --executor ray alone"),
        ("--gpus 0.5", "--gpus: found 0.5, allowed: with --executor ray alone"),
        ("--executor ray -j 0", "--jobs: found 0, allowed: 1 or more"),
        ("--executor ray --cpus 0", "--cpus: found 0, allowed: 1 or more"),
        ("--executor ray --gpus -1", "--gpus: found -1.0, allowed: 0 or more, as 0.25"),
        ("--executor ray --address ray://head:10001", "--address: found 'ray://head:10001', allowed: HOST:PORT"),
        ("--executor ray --address 127.0.0.1:1", "--address: found 127.0.0.1:1, where nobody answers ("),
        ("--executor ray --address 127.0.0.1:99999", "--address: found 127.0.0.1:99999, where nobody answers ("),
    ],
)
def test_bad_input_is_one_line(project: Path, capsys: pytest.CaptureFixture[str], words: str, said: str) -> None:
    assert refused(capsys, *words.split()).startswith(said)


@pytest.mark.parametrize(
    ("cpus", "gpus", "said"),
    [
        (None, 2, "--gpus: found 2 for each run, allowed: what a node has, 0 and 0"),
        (3, None, "--cpus: found 3 for each run, allowed: what a node has, 1 and 1"),
    ],
)
def test_more_than_any_node_has_is_refused(execute: Any, cpus: int | None, gpus: float | None, said: str) -> None:
    from rdfia.sweep import ray_cluster

    with pytest.raises(ConfigError) as refusal:
        ray_cluster._share(execute.ray, cpus, gpus)
    assert str(refusal.value) == said


def test_a_token_that_others_can_read_or_that_is_not_there_is_refused(
    project: Path, nodes: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--executor", "ray", "--address", nodes.address)
    open_to_all = project / "open"
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(open_to_all))
    assert refused(capsys, *words).startswith(f"{open_to_all}: no such file, allowed: the cluster's token")
    open_to_all.write_text("0" * 64)
    open_to_all.chmod(0o644)
    assert refused(capsys, *words).startswith(f"{open_to_all}: found mode 0644, allowed: 0600")


def test_without_ray_the_line_says_how_to_get_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdfia.sweep.ray_cluster.find_spec", lambda name: None)
    assert refused(capsys, "--executor", "ray") == (
        "--executor: found ray, which is not installed; `pip install -e '.[cluster]'`"
    )


def test_a_local_sweep_imports_no_ray() -> None:
    code = "import sys; from rdfia import cli; from rdfia.sweep import sweep; from rdfia.study import train_run"
    with started("-c", f"{code}; print('ray' in sys.modules)") as process:
        assert process.communicate()[0] == "False\n"


@slow
def test_a_driver_that_is_killed_leaves_nothing_and_the_next_trains_the_rest(
    tmp_path: Path, project: Path, nodes: Any
) -> None:
    made = new(tmp_path)
    made.edit("cnn", **{name: {"normalise": "mean_image", "title": name} for name in ("third", "fourth")})
    made("dvc", "repro", "declare_cnn@tiny")
    words = ("-m", "rdfia", "sweep", "--executor", "ray", "cnn")
    with started(*words, "-j", "1", cwd=made.root, environment=environment()) as driver:
        while not (line := read_line(driver)).startswith("[  1/4]"):
            assert line, driver.communicate()
        begun = [psutil.Process(one) for one in session(driver.pid)]
        heard = {place.laddr.ip for one in begun for place in one.net_connections("tcp") if place.status == "LISTEN"}
        assert {ip.removeprefix("::ffff:") for ip in heard} == {"127.0.0.1"}
        (token,) = (made.root / ".dvc/tmp/rdfia").glob("ray_token")
        assert token.stat().st_mode & 0o777 == 0o600
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        wait_until(lambda: not [one for one in begun if one.is_running()], "the cluster to end", 120)
    kept = len(list(made.root.glob("runs/tiny/cnn/*/metrics.json")))
    given = {name: os.environ[name] for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH")}
    with started(*words, "--address", nodes.address, cwd=made.root, environment=environment() | given) as driver:
        printed, errors = driver.communicate()
    assert (driver.returncode, errors) == (0, "")
    assert len(re.findall(rf"^\[ *\d+/{4 - kept}\] .* on \S+  done ", printed, re.MULTILINE)) == 4 - kept
    assert "4 of 4 stages are DVC's" in printed
    locked = (made.root / "dvc.lock").read_text()
    assert all(f"  cnn@tiny-{name}:\n" in locked for name in ("baseline", "zca", "third", "fourth"))
    assert not workers()
