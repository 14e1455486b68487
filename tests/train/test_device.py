"""Where and how many at once runs are trained."""

import os

import pytest
import torch

from rdfia.config import ConfigError
from rdfia.parallel import map_forked
from rdfia.train import device


def test_one_process_a_core_or_as_many_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_DEVICE", "cpu")
    assert device.jobs() == device.jobs_within() == len(os.sched_getaffinity(0))
    monkeypatch.setenv("RDFIA_JOBS", "7")
    assert device.jobs() == device.jobs_within() == 7


@pytest.mark.parametrize("name", ["meta", "nowhere", "cuda:99"])
def test_a_device_that_cannot_compute_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_DEVICE", name)
    with pytest.raises(
        ConfigError, match=rf"^RDFIA_DEVICE: found '{name}', allowed: a device of this PyTorch, like cpu$"
    ):
        device.device()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "257"])
def test_a_number_of_processes_that_is_none_is_one_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_JOBS", text)
    with pytest.raises(ConfigError, match=rf"^RDFIA_JOBS: found '{text}', allowed: 1 to 256 processes$"):
        device.jobs()


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1"])
def test_nothing_is_put_on_an_accelerator_that_is_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has used it cannot part into others that do."""

    def refuse(*shape: int, device: object) -> None:
        raise RuntimeError(device)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch, "empty", refuse)
    monkeypatch.setenv("RDFIA_DEVICE", name)
    assert device.device() == torch.device(name)
    monkeypatch.setenv("RDFIA_DEVICE", "cuda:2")
    with pytest.raises(
        ConfigError, match=r"^RDFIA_DEVICE: found 'cuda:2', allowed: a device of this PyTorch, like cpu$"
    ):
        device.device()


def deterministic() -> tuple[bool, str]:
    device.settle()
    return torch.are_deterministic_algorithms_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG", "")


def test_deterministic_kernels_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.delenv("RDFIA_DETERMINISTIC", raising=False)
    assert map_forked([deterministic] * 2, 2) == [(False, "")] * 2
    monkeypatch.setenv("RDFIA_DETERMINISTIC", "1")
    assert map_forked([deterministic] * 2, 2) == [(True, ":4096:8")] * 2
