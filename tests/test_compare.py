"""The comparison of two folders of results: what differs, by file and by key or cell."""

import json
from pathlib import Path

import pytest

from rdfia.compare import compare
from rdfia.config import ConfigError

FILES = {
    "summary.json": json.dumps({"profile": "quick", "runs": {"cnn/zca": {"mean": 70.5, "seeds": [1, 2]}}}),
    "tables/cnn.csv": "run,test accuracy,seeds\nbaseline,70.00,4\nzca,71.00,4\n",
    "runs/history.csv": "seed,epoch,loss\n0,0,1.5\n0,1,1.0\n",
    "figures/cnn.png": "\x89PNG bytes",
    "report.md": "words\n",
    "runs/timing.json": "{}",
    "tracked.json": "{}",
}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return written(tmp_path / "first")


def written(folder: Path, **changed: str | None) -> Path:
    """Write the files, with those of other contents, and without those that are None."""
    for name, text in {**FILES, **changed}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="latin-1")
    return folder


def differences(first: Path, name: str, old: str, new: str) -> list[str]:
    """Return what differs when one text of a file is another."""
    assert old in FILES[name]
    return compare(first, written(first.with_name("second"), **{name: FILES[name].replace(old, new)}))


def test_equal_folders_differ_in_nothing(first: Path) -> None:
    assert compare(first, written(first.with_name("second"))) == []
    assert compare(first, first) == []


def test_a_changed_key_is_named_by_its_path(first: Path) -> None:
    assert differences(first, "summary.json", "70.5", "71") == ["summary.json: runs.cnn/zca.mean: 70.5 and 71"]


def test_an_item_of_a_list_and_a_key_that_one_has_not(first: Path) -> None:
    assert differences(first, "summary.json", "[1, 2]", "[1, 3, 4]") == [
        "summary.json: runs.cnn/zca.seeds.1: 2 and 3",
        "summary.json: runs.cnn/zca.seeds.2: nothing and 4",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("70.5", "null", "mean: 70.5 and None"),
        ("1, 2", "true, 2", "seeds.0: 1 and True"),
        ("1, 2", "1.0, 2", "seeds.0: 1 and 1.0"),
        ('"seeds"', '"none": "nothing", "seeds"', "none: nothing and nothing"),
    ],
)
def test_values_of_another_kind_differ(first: Path, old: str, new: str, line: str) -> None:
    assert differences(first, "summary.json", old, new) == [f"summary.json: runs.cnn/zca.{line}"]


def test_the_same_values_written_otherwise_are_said_to_be(first: Path) -> None:
    lines = differences(first, "summary.json", '"profile": ', '"profile":')
    assert lines == ["summary.json: the same values, written otherwise"]


def test_a_changed_cell_is_named_by_its_row_and_column(first: Path) -> None:
    assert differences(first, "tables/cnn.csv", "71.00", "71.50") == [
        "tables/cnn.csv: zca, test accuracy: 71.00 and 71.50"
    ]


def test_rows_are_named_by_as_many_cells_as_tell_them_apart(first: Path) -> None:
    assert differences(first, "runs/history.csv", "1.0\n", "1.1\n") == ["runs/history.csv: 0, 1, loss: 1.0 and 1.1"]


def test_a_row_and_a_column_that_one_has_not(first: Path) -> None:
    assert differences(first, "tables/cnn.csv", "zca,71.00,4\n", "") == [
        "tables/cnn.csv: zca, run: zca and nothing",
        "tables/cnn.csv: zca, test accuracy: 71.00 and nothing",
        "tables/cnn.csv: zca, seeds: 4 and nothing",
    ]


@pytest.mark.parametrize(
    ("name", "here", "there", "lines"),
    [
        ("a.csv", "a,b\n1,2\n", "a,b\n1,2,3\n", ["1, a column without a name: nothing and 3"]),
        ("a.csv", "a,b\n1,2\n", "a,b\n1\n", ["1, b: 2 and nothing"]),
        ("a.csv", "a,b\n", "a,c\n", ["head, b: b and nothing", "head, c: nothing and c"]),
        ("a.csv", "", "a,b\n", ["head, a: nothing and a", "head, b: nothing and b"]),
        ("a.csv", "a,b,b\n1,2,3\n", "a,b,b\n1,4,3\n", ["1, b: 2 and 4"]),
        ("a.csv", "a,b,b\n1,2,3\n", "a,b,b\n1,2,4\n", ["1, b (2): 3 and 4"]),
        ("a.json", '{"a.b": 1}', '{"a": {"b": 1}}', ["a.b: 1 and nothing", "a.b: nothing and 1"]),
        ("a.json", "[1]", '{"0": 1}', ["0: 1 and nothing", "0: nothing and 1"]),
        ("a.json", "1", "2", ["all of it: 1 and 2"]),
    ],
)
def test_no_difference_is_hidden_by_a_name(name: str, here: str, there: str, lines: list[str], first: Path) -> None:
    pair = [written(first.with_name(side), **{name: text}) for side, text in (("one", here), ("other", there))]
    assert compare(*pair) == [f"{name}: {line}" for line in lines]


def test_a_file_of_one_side_alone_is_named_with_its_side(first: Path) -> None:
    second = written(first.with_name("second"), **{"report.md": None, "tables/new.csv": "a\n"})
    assert compare(first, second) == [f"report.md: in {first} alone", f"tables/new.csv: in {second} alone"]


@pytest.mark.parametrize("name", ["figures/cnn.png", "report.md"])
def test_other_files_are_compared_by_their_bytes(first: Path, name: str) -> None:
    [line] = differences(first, name, FILES[name][-2:], "??")
    assert line.startswith(f"{name}: ")
    assert line.endswith("bytes differ")


def test_what_is_different_every_time_is_left_out(first: Path) -> None:
    other = {"runs/timing.json": '{"seconds": 1}', "tracked.json": None}
    assert compare(first, written(first.with_name("second"), **other)) == []


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        (("*.json",), ["summary.json"]),
        (("tables/*",), ["tables/cnn.csv"]),
        (("*.md", "tables/*.csv"), ["report.md", "tables/cnn.csv"]),
    ],
)
def test_patterns_choose_files(first: Path, patterns: tuple[str, ...], files: list[str]) -> None:
    other = {name: FILES[name].replace("7", "8").replace("words", "text") for name in FILES}
    second = written(first.with_name("second"), **other)
    assert list(dict.fromkeys(line.split(":")[0] for line in compare(first, second, patterns))) == files


def test_a_pattern_that_matches_no_file_is_no_equality(first: Path) -> None:
    with pytest.raises(ConfigError, match=r"found no file that matches tabels/\*, allowed: such as"):
        compare(first, first, ("tabels/*",))


@pytest.mark.parametrize(
    ("name", "cut", "said"),
    [("summary.json", '{"a": 1', "found no JSON"), ("tables/cnn.csv", "run\xff", "found no table")],
)
def test_a_file_that_was_cut_is_one_line(first: Path, name: str, cut: str, said: str) -> None:
    second = written(first.with_name("second"), **{name: cut})
    with pytest.raises(ConfigError, match=said) as caught:
        compare(first, second)
    assert str(caught.value).startswith(f"{second / name}: ")


def test_a_folder_that_is_not_there_is_one_line(first: Path) -> None:
    for pair in ((first, first / "none"), (first / "none", first)):
        with pytest.raises(ConfigError) as caught:
            compare(*pair)
        assert str(caught.value).startswith(f"{first / 'none'}: no such folder, allowed: ")
        assert "\n" not in str(caught.value)
