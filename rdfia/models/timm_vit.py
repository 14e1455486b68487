"""A vision transformer of the library timm (Wightman 2019), from random or from pretrained weights.

Declaring a run reads no weights: `resolve_weights` finds them when the run is trained, and records their hash in the
run's settings. A network built without it has random weights, so that a trained network is rebuilt without the file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError, named
from rdfia.models.pretrained import File, FromRun, Hub, PretrainedWeights, Random

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

Start = Annotated[Annotated[Random | Hub | File | FromRun, Field(discriminator="name")], named]

Initialisation = Literal["timm", "jax", "moco"]


class TimmNetwork(nn.Module):
    """timm's network on images (N, C, H, W), optionally after bilinear resizing to `resize`² pixels."""

    def __init__(self, vit: "VisionTransformer", resize: int | None) -> None:
        super().__init__()
        self.vit, self.resize = vit, resize

    def forward(self, x: Tensor) -> Tensor:
        return self.vit(self.resize_images(x))  # type: ignore[no-any-return]

    def resize_images(self, x: Tensor) -> Tensor:
        """Return the images at the input size of timm's network."""
        if self.resize is None:
            return x
        size = (self.resize, self.resize)
        return nn.functional.interpolate(x, size, mode="bilinear", antialias=self.resize < x.shape[-1])


class TimmViT(Config):
    """timm's vision transformer `model`; settings of None are timm's defaults, mostly for images of 224².

    `embed`, `depth` and `heads` reduce it. Dense weights are initialised with a standard deviation of 0.02, which suits
    large networks, or with `jax` or `moco` by their size (Glorot and Bengio 2010). The weights of `start` replace them:
    timm's own helpers resample patch kernels and positions and adapt the input channels; the head keeps its random
    weights if its number of classes differs, or if the others are those of another run.
    """

    name: Literal["timm"] = "timm"
    model: str = "vit_small_patch16_224"
    img_size: int | None = Field(None, ge=1)
    patch_size: int | None = Field(None, ge=1)
    resize: int | None = Field(None, ge=1)
    embed: int | None = Field(None, ge=1)
    depth: int | None = Field(None, ge=1, le=1000)
    heads: int | None = Field(None, ge=1)
    initialisation: Initialisation = "timm"
    start: Start = Random()

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        if len(shape) != 3:
            raise ConfigError("model.name: found timm on points, allowed: mlp, svm")
        vit = self.create_timm(shape[0], classes, generator)
        self._check_size(vit, shape)
        state = self.start.state(generator.initial_seed()) if isinstance(self.start, PretrainedWeights) else None
        if state is not None:
            load_weights(vit, state)
        return TimmNetwork(vit, self.resize)

    def resolve_weights(self, weights: Callable[[str, str], Path]) -> "TimmViT":
        """Return a copy whose start knows its file and hash; `weights` gives the path of a run's weights."""
        if not isinstance(self.start, PretrainedWeights):
            return self
        return self.model_copy(update={"start": self.start.resolve_weights(self.model, weights)})

    def create_timm(self, channels: int, classes: int, generator: Generator) -> "VisionTransformer":
        """Create timm's network with timm's own initialisation; its global generator is seeded, then restored."""
        import timm

        if not timm.models.is_model_in_modules(self.model, ["vision_transformer"]):
            raise ConfigError(
                f"model.model: found {self.model!r}, allowed: a vision transformer of timm, as vit_tiny_patch16_224"
            )
        options: dict[str, Any] = {"img_size": self.img_size, "patch_size": self.patch_size}
        options |= {"embed_dim": self.embed, "depth": self.depth, "num_heads": self.heads}
        options |= {"weight_init": None if self.initialisation == "timm" else self.initialisation}
        options = {key: value for key, value in options.items() if value is not None}
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            try:
                network = timm.create_model(self.model, in_chans=channels, num_classes=classes, **options)
                return cast("VisionTransformer", network)
            except (AssertionError, RuntimeError) as error:
                raise ConfigError(f"model: found {options}, allowed: what timm can build ({_line(error)})") from None

    def _check_size(self, vit: "VisionTransformer", shape: tuple[int, ...]) -> None:
        """Raise a ConfigError if the network expects images of another size, or patches larger than the images."""
        size = (self.resize, self.resize) if self.resize else shape[1:]
        expected, patch = vit.patch_embed.img_size, vit.patch_embed.patch_size
        if tuple(size) != tuple(expected):
            own = "" if self.img_size else ", which is timm's own"
            raise ConfigError(
                f"model.img_size: found {_size(expected)}{own}, allowed: {_size(size)}, the size of the images, "
                f"or that size with `resize: {expected[0]}`"
            )
        if min(size) < max(patch):
            raise ConfigError(
                f"model.patch_size: found {max(patch)}, allowed: 1 to {min(size)}, the side of the images"
            )


def load_weights(vit: "VisionTransformer", state: dict[str, Tensor]) -> None:
    """Load weights into a network after adapting them; a mismatch is a ConfigError that names the first such weight."""
    state = adapt_weights(vit, state)
    own = vit.state_dict()
    for key, weight in own.items():
        if key not in state and not key.startswith("head."):
            raise ConfigError(f"model.start: found no {key}, allowed: weights of this network, {_size(weight.shape)}")
    for key, weight in state.items():
        if key not in own or own[key].shape != weight.shape:
            allowed = f"{_size(own[key].shape)}, as the network has it" if key in own else "none, as the network has it"
            raise ConfigError(f"model.start: found {key} of {_size(weight.shape)}, allowed: {allowed}")
    vit.load_state_dict(state, strict=False)


def adapt_weights(vit: "VisionTransformer", state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Resample patch kernels, positions and input channels to this network's (timm); drop a head of other classes."""
    from timm.models import adapt_input_conv
    from timm.models.vision_transformer import checkpoint_filter_fn

    state = checkpoint_filter_fn(state, vit)
    kernel = state.get("patch_embed.proj.weight")
    if kernel is not None and kernel.shape[1] != vit.in_chans:
        state = state | {"patch_embed.proj.weight": adapt_input_conv(vit.in_chans, kernel, kernel.shape[1])}
    head = state.get("head.weight")
    if head is None or head.shape != vit.head.weight.shape:
        state = {key: weight for key, weight in state.items() if not key.startswith("head.")}
    return state


def _size(shape: Any) -> str:
    return "×".join(str(side) for side in shape)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
