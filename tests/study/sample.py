"""A chapter of six runs: one from another from a third, and one that takes another normaliser."""

import copy
from typing import Any

PARAMS: dict[str, Any] = {
    "profile": "quick",
    "profiles": {"quick": {"cnn": {"epochs": 2, "seeds": 1, "model": {"channels": [4]}}}, "other": {}},
    "data": {"images": {}},
    "cnn": {
        "dataset": "images",
        "base": {
            "model": {"name": "cnn"},
            "optimiser": {"name": "sgd", "learning_rate": 0.1},
            "epochs": 20,
            "batch_size": 256,
        },
        "runs": {
            "first": {"title": "the base"},
            "empty": None,
            "oldest": {"group": "family", "batch_size": 64, "normalise": "zca"},
            "middle": {"from": "oldest", "batch_size": 32, "normalise": {"epsilon": 0.5}},
            "youngest": {
                "from": "middle",
                "title": "the third",
                "group": "family",
                "several": True,
                "batch_size": 8,
                "normalise": {"own": True},
                "augment": ["horizontal_flip"],
            },
            "pca": {"from": "middle", "normalise": "pca"},
        },
    },
}


def changed(key: str, value: Any, params: dict[str, Any] = PARAMS) -> dict[str, Any]:
    """A copy of the parameters with the dotted key set; a short form on the way becomes long."""
    copied: dict[str, Any] = copy.deepcopy(params)
    *path, last = key.split(".")
    node = copied
    for step in path:
        inner = node.get(step)
        node[step] = {"name": inner} if isinstance(inner, str) else dict(inner or {})
        node = node[step]
    node[last] = value
    return copied
