"""YAML as plain values: words, numbers, truth, lists and mappings whose keys are words; everything else is an error.

Numbers and truth are those of YAML 1.2's core schema, as DVC reads them: `1e-3` is a float, `012` is twelve, `yes` and
`1:30` are words. What DVC reads beyond that schema, such as `1_000`, is a word here, and an error where a number is
wanted. There are no dates, no aliases and no tags beyond those of plain values, so that a value is what it looks like,
and no larger than its text.
"""

import re
import unicodedata
from typing import Any

import yaml

from rdfia.config.errors import ConfigError

DEEPEST = 20
PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")
RULES = {  # what a plain value of a kind looks like, and the signs with which it begins; the first that fits counts
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": ("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control signs, lone halves of a surrogate pair, separators of lines


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, without all that is no plain value."""

    yaml_constructors = {  # noqa: RUF012
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.split(":")[-1] in PLAIN
    }
    yaml_implicit_resolvers = {  # noqa: RUF012
        sign: [(tag, pattern) for tag, pattern in rules if tag.endswith(":null")]
        for sign, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _wrong("found an alias, allowed: values that are written out", mark)
        if self.depth == DEEPEST:
            raise _wrong(f"found a value {DEEPEST + 1} deep, allowed: at most {DEEPEST}", mark)
        self.depth += 1
        node: Any = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None and (tag := str(node.tag).removeprefix("tag:yaml.org,2002:")) not in PLAIN:
            raise _wrong(f"found the tag {tag!r}, allowed: {', '.join(PLAIN)}", mark)
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):  # a tag on a word that it does not fit, or too many digits
            kind = str(node.tag).split(":")[-1]
            raise _wrong(
                f"found a value that is no {kind}, allowed: one of at most 4000 digits", node.start_mark
            ) from None
        if isinstance(value, str) and any(unicodedata.category(sign) in UNPRINTABLE for sign in value):
            raise _wrong(f"found {value[:60]!a}, allowed: signs that can be printed, on one line", node.start_mark)
        return value

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise _wrong(f"found the key {name!r}, allowed: a word", key.start_mark)
            if name in seen:
                raise _wrong(f"the key {name!r} stands twice", key.start_mark)
            seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _whole_number(loader: _Loader, node: Any) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in ("0o", "0x") else 10)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
for _kind, (_pattern, _signs) in RULES.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), list(_signs))


def _wrong(what: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, what, mark)


def parse_yaml(text: str | bytes, where: object) -> Any:
    """Return the plain value that a text of YAML, in UTF-8, stands for."""
    try:
        return yaml.load(text if isinstance(text, str) else text.decode("utf-8"), Loader=_Loader)  # noqa: S506
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where}: not YAML: byte {error.start} is no UTF-8, allowed: text in UTF-8") from None
    except yaml.YAMLError as error:
        said = re.sub(r'in "<\w+ string>", ', "in ", " ".join(str(error).split()))
        raise ConfigError(f"{where}: not YAML: {said}") from None
    except RecursionError:
        raise ConfigError(f"{where}: not YAML: found values in values, allowed: at most {DEEPEST} deep") from None
