"""Question 8: timm's ViT-S on digits of 28², which it refuses unchanged, and the pixels that it then depends on.

A patch embedding of kernel and stride P makes ⌊28 / P⌋² patches (Dosovitskiy et al. 2021). With P = 16 that is one: the
16² pixels at the top left are all that any logit depends on.
"""

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError
from rdfia.data.store import Split
from rdfia.models.timm_vit import TimmNetwork, TimmViT
from rdfia.theory.answer import Answer

SIDE, CORNER, CLASSES = 28, 16, 10  # a digit, timm's patch, and the digits there are
WAYS: dict[str, dict[str, int]] = {
    "img_size alone": {"img_size": SIDE},
    "patches of 7": {"img_size": SIDE, "patch_size": 7},
    "patches of 4": {"img_size": SIDE, "patch_size": 4},
    "resized": {"resize": 224},
}


class OnePatch(Config):
    """The logits of ViT-S, reduced to `embed` dimensions and `depth` blocks, when pixels of random images change."""

    name: Literal["one_patch"] = "one_patch"
    model: str = "vit_small_patch16_224"
    embed: int = Field(48, ge=1)
    depth: int = Field(2, ge=1)
    heads: int = Field(3, ge=1)
    images: int = Field(4, ge=1, le=1000)
    seed: int = 0

    def answer(self, circles: Split) -> Answer:
        """Return timm's error, and the pixels that each way to fit depends on; the circles are not needed."""
        facts = {"model": self.model, "side": SIDE, "corner": CORNER, "pixels": SIDE**2, "error": self._error()}
        return Answer(facts | {"ways": [self._way(name, given) for name, given in WAYS.items()]})

    def _error(self) -> str:
        """Return timm's error, word for word, for digits of one channel in its unchanged network."""
        vit = self._declared({}).create_timm(1, CLASSES, Generator().manual_seed(self.seed))
        try:
            vit(torch.zeros(1, 1, SIDE, SIDE))
        except (AssertionError, RuntimeError) as error:
            return f"{type(error).__name__}: {error}"
        raise ConfigError(f"theory.one_patch.model: found {self.model}, allowed: one that is not made for {SIDE}²")

    def _way(self, name: str, given: dict[str, int]) -> dict[str, Any]:
        """Return the patches of one way to fit the digits, the pixels that it depends on, and how its logits move."""
        generator = Generator().manual_seed(self.seed)
        network = self._declared(given).build((1, SIDE, SIDE), CLASSES, generator).eval()
        assert isinstance(network, TimmNetwork)
        images = torch.rand(self.images, 1, SIDE, SIDE, generator=generator)
        others = torch.rand(images.shape, generator=generator)
        return {
            "way": name,
            "given": given,
            "patches": network.vit.patch_embed.num_patches,
            "seen": visible_pixels(network, images),
            "outside": moved(network, images, torch.where(corner(), images, others)),
            "inside": moved(network, images, torch.where(one_pixel(), others, images)),
        }

    def _declared(self, given: dict[str, int]) -> TimmViT:
        reduced = {"model": self.model, "embed": self.embed, "depth": self.depth, "heads": self.heads}
        return TimmViT.model_validate(reduced | given)


def corner() -> Tensor:
    """Return a mask (H, W) of the pixels of the first patch."""
    along = torch.arange(SIDE) < CORNER
    return along[:, None] & along


def one_pixel() -> Tensor:
    """Return a mask (H, W) of one pixel in the middle of the first patch."""
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    mask[CORNER // 2, CORNER // 2] = True
    return mask


@torch.no_grad()
def moved(network: nn.Module, before: Tensor, after: Tensor) -> float:
    """Return the largest change of any logit of any image."""
    return float((network(after) - network(before)).abs().max())


def visible_pixels(network: nn.Module, images: Tensor) -> int:
    """Count the pixels that any logit of any image depends on: those where a gradient is not 0."""
    images = images.clone().requires_grad_()
    logits = network(images).sum(0)
    gradients = [torch.autograd.grad(logit, images, retain_graph=True)[0] for logit in logits]
    return int((torch.stack(gradients) != 0).flatten(0, 2).any(0).sum())
