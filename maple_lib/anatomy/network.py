"""The segmenter's network: a small timm encoder, and a decoder that adds its maps up from coarse to fine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.normalise import network_input


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """What must be known to build the network before its weights are read.

    Attributes:
        encoder: a timm model with features at strides 2 to 32.
        size: height and width of the input in pixels, a multiple of 32.
        widths: channels of the decoder at strides 2, 4, 8, 16 and 32.
        regions: names of the output channels.
    """

    encoder: str
    size: int
    widths: tuple[int, ...]
    regions: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkShape:
        """Undo ``to_dict``."""
        return cls(values["encoder"], values["size"], tuple(values["widths"]), tuple(values["regions"]))


class RegionNet(nn.Module):
    """Logits of every region at half the input's resolution; regions overlap, so each has its own sigmoid.

    Args:
        shape: see ``NetworkShape``.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        import timm

        self.shape = shape
        encoder: Any = timm.create_model(shape.encoder, pretrained=False, features_only=True, in_chans=2)
        channels = encoder.feature_info.channels()
        self.encoder = encoder
        finer = (shape.widths[0], *shape.widths[:-1])
        self.lateral = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in zip(channels, shape.widths, strict=True))
        self.mix = nn.ModuleList(_separable(*pair) for pair in zip(shape.widths, finer, strict=True))
        self.head = nn.Conv2d(shape.widths[0], len(shape.regions), 1)
        self.head.get_parameter("bias").data.fill_(-2.0)  # most pixels lie outside most regions

    def forward(self, images: Tensor) -> Tensor:
        """Score every pixel.

        Args:
            images: (B, 1, S, S) float, bone bright; S a multiple of 32.

        Returns:
            (B, R, S/2, S/2) logits.
        """
        maps = self.encoder(network_input(images).contiguous(memory_format=torch.channels_last))
        fused: Tensor | None = None
        for lateral, mix, features in reversed(list(zip(self.lateral, self.mix, maps, strict=True))):
            here = lateral(features)
            if fused is not None:
                here = here + F.interpolate(fused, here.shape[-2:], mode="bilinear", align_corners=False)
            fused = mix(here)
        logits: Tensor = self.head(fused)
        return logits


def _separable(width: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
        nn.Conv2d(width, out, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )
