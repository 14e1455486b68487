"""The command `rdfia verify` on the results that are in git: its lines, its JSON and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rdfia import cli
from rdfia.analyse import claims
from tests.project import ROOT


def run(patch: pytest.MonkeyPatch, *words: str) -> int:
    patch.chdir(ROOT)
    patch.setattr("sys.argv", ["rdfia", "verify", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_line_for_each_claim_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--profile", "jpeg", "zca_equals", "crop_flip_delays") == 0
    zca, crop, total = capsys.readouterr().out.splitlines()
    assert zca.split()[:2] == ["zca_equals", "fails"]
    assert "test accuracy, cnn/zca − cnn/standardise: 4.11 [" in zca
    assert zca.endswith("points (90 %); holds within ±2")
    assert crop.split()[:2] == ["crop_flip_delays", "holds"]
    assert total == "2 claims: 1 hold, 1 fail"


def test_what_cannot_be_decided_says_why_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--profile", "mnist", "blur_hurts", "wider_is_better") == 1
    blur, wider, _ = capsys.readouterr().out.splitlines()
    assert blur.endswith("cannot be decided here: cnn/blur: this profile leaves it out")
    assert wider.split()[:2] == ["wider_is_better", "holds"]


def test_without_names_it_is_all_and_json_is_that_of_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--profile", "jpeg", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(claims.read())
    assert {one["verdict"] for one in found.values()} == set(claims.VERDICTS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--profile", "jpg"), "error: --profile: found 'jpg', allowed: quick, mnist,"),
        (("zca_equal",), "no such claim; allowed: one of"),
        (("zca_equal",), "did you mean zca_equals"),
    ],
)
def test_names_that_are_none_end_in_one_line(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *words) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def test_a_reader_that_stops_early_makes_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rdfia", "verify", "--profile", "jpeg"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
