"""Pretrained weights of a timm network: none, timm's hub, a file, or another run of this study."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr
from torch import Tensor

from rdfia.config import KEY, Config, ConfigError
from rdfia.files import project

OFFLINE = "allowed: a machine with network, where they are downloaded once, or `start: file` or `start: run` without"


class Random(Config):
    """No pretrained weights: a random initialisation."""

    name: Literal["random"] = "random"


class PretrainedWeights(Config):
    """A file of pretrained weights. `sha256` is recorded when the file is resolved; if given, it must be the file's."""

    sha256: str | None = None
    _path: Path | None = PrivateAttr(None)  # not a setting: the path depends on the machine

    def resolve_weights(self, model: str, weights: Callable[[str, str], Path]) -> Self:
        """Return a copy that knows its file and hash, for timm's model; `weights` gives the path of a run's weights."""
        path = self.find_file(model, weights)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if self.sha256 not in (None, digest):
            raise ConfigError(f"model.start.sha256: found {digest} of {path}, allowed: {self.sha256}, as it says")
        copy = self.model_copy(update={"sha256": digest})
        copy._path = path
        return copy

    def state(self, seed: int) -> dict[str, Tensor] | None:
        """Return the weights by timm's names, for the network of `seed`; None if they were not resolved."""
        return None if self._path is None else self.read_tensors(self._path, seed)

    def find_file(self, model: str, weights: Callable[[str, str], Path]) -> Path:
        """Return the path of the file."""
        raise NotImplementedError

    def read_tensors(self, path: Path, seed: int) -> dict[str, Tensor]:
        """Read the tensors of a checkpoint, by timm's names."""
        from timm.models import load_state_dict

        try:
            return dict(load_state_dict(str(path), device="cpu", weights_only=True))
        except Exception as error:  # damaged files raise errors of many kinds
            reason = " ".join(str(error).split())[:120]
            raise ConfigError(f"model.start: found {path}, allowed: a file of weights ({reason})") from None


class Hub(PretrainedWeights):
    """The weights of the model on timm's hub, downloaded once; a tag at the end of `model` selects a version."""

    name: Literal["hub"] = "hub"

    def find_file(self, model: str, weights: Callable[[str, str], Path]) -> Path:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
        from timm.models import get_pretrained_cfg

        try:
            known = get_pretrained_cfg(model)
        except RuntimeError as error:
            raise ConfigError(f"model.model: found {model!r}, allowed: a tag that timm knows ({error})") from None
        if known is None or not known.hf_hub_id:
            raise ConfigError(f"model.start: found hub, allowed: random, file, run; timm's hub has none for {model}")
        try:
            return Path(hf_hub_download(known.hf_hub_id, known.hf_hub_filename or "model.safetensors"))
        except (OSError, ValueError, HfHubHTTPError, LocalEntryNotFoundError):
            raise ConfigError(
                f"model.start: found hub, which needs {known.hf_hub_id} and got none; {OFFLINE}"
            ) from None


class File(PretrainedWeights):
    """A checkpoint of timm's model, as safetensors or in PyTorch's format; `path` counts from the project."""

    name: Literal["file"] = "file"
    path: str

    def find_file(self, model: str, weights: Callable[[str, str], Path]) -> Path:
        path = project() / self.path
        if not path.is_file():
            raise ConfigError(f"model.start.path: found {self.path!r}, allowed: a file of weights that is there")
        return path


class FromRun(PretrainedWeights):
    """The weights of another run of the same profile: seed k starts from its seed k, modulo its number of seeds.

    Its head answers another question, even where the number of classes is the same, and is left behind.
    """

    name: Literal["run"] = "run"
    chapter: str = Field(pattern=f"^{KEY.pattern}$")
    run: str = Field(pattern=f"^{KEY.pattern}$")

    def find_file(self, model: str, weights: Callable[[str, str], Path]) -> Path:
        path = weights(self.chapter, self.run)
        if not path.is_file():
            raise ConfigError(
                f"model.start: found {self.chapter}/{self.run}, allowed: a run that is trained; there is no {path}"
            )
        return path

    def read_tensors(self, path: Path, seed: int) -> dict[str, Tensor]:
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            names = list(file.keys())
            seeds = sorted(
                {int(name[4 : name.index("/")]) for name in names if name.startswith("seed") and "@" not in name}
            )
            prefix = f"seed{seeds[seed % len(seeds)]}/vit." if seeds else "seed/"
            taken = {name: name.removeprefix(prefix) for name in names if name.startswith(prefix)}
            state = {own: file.get_tensor(name) for name, own in taken.items() if not own.startswith("head.")}
        if not state:
            raise ConfigError(f"model.start: found {self.chapter}/{self.run}, allowed: a run of a model named timm")
        return state
