"""Mutations of the parameters: keys and values that are wrong, odd or only rarely meant, anywhere in the file."""

import copy
from collections.abc import Iterator
from typing import Any, get_args

import yaml
from hypothesis import strategies as st

from rdfia.chapters import kind, run_class
from rdfia.data.augment import Augmentation
from rdfia.data.mixing import Mixing
from rdfia.data.normalise import Normaliser
from rdfia.study import runs
from rdfia.train.optimise import Optimiser
from rdfia.train.schedule import Schedule

Path = tuple[str | int, ...]
WHOLE = (-1, 0, 1, 2, 3, 4, 7, 10**9, 2**31, 2**40, 2**63, 10**12, 10**30)
REAL = (0.0, -1.0, 1e-300, 1e-8, 0.25, 0.5, 1.0, 2.5, 1e6, 1e30, 1e308, float("inf"), float("nan"))
WORDS = (
    *("", "x", "all", "none", "zca", "pca", "adam", "sgd", "lbfgs", "muon", "range_test", "crop", "hog", "circles"),
    *("objects", "digits", "../../evil", "x; touch pwned", "$(touch pwned)", "a" * 300, "ü", "</style><script>"),
    *(r"$\foo$", "\ud800", "a\nb", "\x07"),
)
KEYS = (*WORDS, "item", "report", "patience", "mixing", "sample", "normalise")
AUGMENTATIONS = ("crop", "centre_crop", "blur", "jitter", "erasing", "cutout", "trivial_augment", "affine", "nothing")
values = st.one_of(
    st.sampled_from(WHOLE),
    st.sampled_from(REAL),
    st.sampled_from(WORDS),
    st.sampled_from([None, True, False, [], {}, [[]], {"name": "x"}, {1: 2}, {"a": {"b": {}}}]),
    st.lists(st.sampled_from([0, 1, 4, 2**63, 0.5, "x", None]), max_size=4),
    st.lists(st.sampled_from(AUGMENTATIONS), min_size=1, max_size=3),
    st.fixed_dictionaries({"name": st.sampled_from(WORDS)}),
)
UNIONS = {
    "normalise": Normaliser,
    "augment": Augmentation,
    "optimiser": Optimiser,
    "schedule": Schedule,
    "mixing": Mixing,
}
numbers = st.one_of(st.sampled_from(WHOLE), st.sampled_from(REAL))
# Texts that no tree of values is written as.
RAW = (
    b"\xff\xfe", b"a: !!int abc", b"a: !!bool maybe", b"a: 2020-13-45", b"a: " + b"[" * 3000, b"a: " + b"9" * 5000,
    b"a: !!python/object:os.system x", b"a: &b [*b]", b"a: !!binary x", b"? [a]\n: b", b"128: {}", b"null: {}",
    b"cnn: {}", b"profile: {1: 2}", b"a:\n\tb", b"%YAML 9", b"--- a\n--- b", b"a: *b", b"\0",
)  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """Values are written out wherever they stand."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def places(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def settings(draw: st.DrawFn, union: Any) -> dict[str, Any]:
    """Draw one of the classes of a union, with a setting of its own changed."""
    chosen = draw(st.sampled_from(get_args(get_args(union)[0])))
    fields = sorted(set(chosen.model_fields) - {"name"})
    made = {"name": chosen.model_fields["name"].default}
    made |= {"learning_rate": 0.1} if "learning_rate" in fields else {}
    return made | ({draw(st.sampled_from(fields)): draw(numbers)} if fields else {})


@st.composite
def run_mutations(draw: st.DrawFn, params: dict[str, Any]) -> tuple[bytes, Path]:
    """Draw the text of a file in which a run has another setting, and the path of the run."""
    changed = copy.deepcopy(params)
    chapter, run = draw(st.sampled_from(runs.trained_runs(params)))
    lines = changed[chapter]["runs"][run]
    chosen = run_class(kind(params, chapter))
    key = draw(st.sampled_from(sorted(set(chosen.model_fields) - {"seeds"})))
    if key in UNIONS:
        one = draw(settings(UNIONS[key]))
        lines[key] = [one] if key == "augment" else one
    elif key == "model":
        annotation = chosen.model_fields["model"].annotation
        model: Any = draw(st.sampled_from(get_args(annotation) or (annotation,)))
        fields = sorted(set(model.model_fields) - {"name"})
        named = {"name": model.model_fields["name"].default} if get_args(annotation) else {}
        lines[key] = {**lines.get(key, {}), **named, draw(st.sampled_from(fields)): draw(st.one_of(numbers, values))}
    else:
        lines[key] = draw(st.one_of(numbers, values))
    return _text(changed), (chapter, "runs", run)


def _text(params: dict[str, Any]) -> bytes:
    return yaml.dump(params, sort_keys=False, Dumper=_Dumper).encode("utf-8", "surrogatepass")


@st.composite
def mutations(draw: st.DrawFn, params: dict[str, Any]) -> tuple[bytes, Path]:
    """Draw the text of a file with something changed, and the path of what was changed."""
    changed = copy.deepcopy(params)
    path = draw(st.sampled_from(sorted(places(params), key=str)))
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    kind = draw(st.sampled_from(("value", "value", "value", "value", "rename", "remove", "add", "raw")))
    if kind == "value":
        node[path[-1]] = draw(values)
    elif kind == "remove":
        del node[path[-1]]
    elif kind == "rename" and isinstance(node, dict):
        node[draw(st.sampled_from(WORDS))] = node.pop(path[-1])
    elif kind == "add" and isinstance(node, dict):
        node[draw(st.sampled_from(KEYS))] = draw(values)
    return _text(changed) + (b"\n" + draw(st.sampled_from(RAW)) + b"\n" if kind == "raw" else b""), path
