"""Switches in the environment, and who asks for them."""

from collections.abc import Callable

import pytest

from rdfia import config
from rdfia.config import ConfigError, switched_on
from rdfia.study.progress import Progress
from rdfia.study.runs import resolve
from rdfia.track.live import live
from rdfia.train import device, graphs

ASKED: list[tuple[str, Callable[[], object]]] = [
    ("RDFIA_LIVE", lambda: Progress("quick", "cnn", "baseline", resolve(config.load(), "cnn", "baseline"))),
    ("RDFIA_LIVE", lambda: live("cnn", "baseline", "quick").__enter__()),
    ("RDFIA_GRAPHS", graphs.wanted),
    ("RDFIA_DETERMINISTIC", device.settle),
]


@pytest.mark.parametrize(("text", "on"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_a_switch_is_on_or_off(text: str | None, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RDFIA_LIVE", raising=False)
    if text is not None:
        monkeypatch.setenv("RDFIA_LIVE", text)
    assert switched_on("RDFIA_LIVE") == on


@pytest.mark.parametrize(("name", "ask"), ASKED)
@pytest.mark.parametrize("text", ["yes", "2", "on"])
def test_what_is_no_switch_is_one_line(
    name: str, ask: Callable[[], object], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigError, match=rf"^{name}: found '{text}', allowed: 0 or 1$"):
        ask()
