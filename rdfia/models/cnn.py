"""The convolutional network of part 2: three stages of convolution → max-pooling → ReLU, then two dense layers."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config, ConfigError, listed
from rdfia.models.layers import Dropout, initialise

Width = Annotated[int, Field(ge=1)]


class ConvNet(nn.Module):
    """Images (N, C, H, W) → logits (N, classes)."""

    def __init__(self, features: nn.Sequential, head: nn.Sequential) -> None:
        super().__init__()
        self.features, self.head = features, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1))  # type: ignore[no-any-return]


class CNN(Config):
    """conv k×k → (batch norm) → max-pooling by 2 → ReLU for each of `channels`; fc `hidden` → ReLU → (dropout) → fc.

    The course has ReLU before the pooling. max(0, ·) and the maximum commute, gradients included, and this way ReLU
    sees a quarter of the elements: the same bits in less time.

    The defaults are the course's network: 32, 64, 64 channels, 1000 hidden units, 1,191,170 weights on 32×32×3.
    """

    name: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Width, ...], listed, Field(min_length=1)] = (32, 64, 64)
    kernel_size: int = Field(5, ge=1, le=99)
    hidden: int = Field(1000, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    batch_norm: bool = False

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        if len(shape) != 3:
            raise ConfigError("model.name: found cnn on points, allowed: mlp, svm")
        depth, height, width = shape
        if min(height, width) >> len(self.channels) == 0:
            allowed = min(height, width).bit_length() - 1
            raise ConfigError(
                f"model.channels: found {len(self.channels)}, allowed: 1 to {allowed} on {height}×{width}"
            )
        features = nn.Sequential()
        for inputs, outputs in zip((depth, *self.channels), self.channels, strict=False):
            features.extend(self._stage(inputs, outputs))
            height, width = height // 2, width // 2
        head = nn.Sequential(
            nn.Linear(self.channels[-1] * height * width, self.hidden),
            nn.ReLU(),
            Dropout(self.dropout, generator),
            nn.Linear(self.hidden, classes),
        )
        network = ConvNet(features, head)
        initialise(network, generator)
        return network

    def _stage(self, inputs: int, outputs: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, self.kernel_size, padding=self.kernel_size // 2)
        norm = [nn.BatchNorm2d(outputs)] if self.batch_norm else []
        return [convolution, *norm, nn.MaxPool2d(2), nn.ReLU()]
