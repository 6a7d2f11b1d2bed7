"""Decoders from the patch grid to pixels: a U-Net on the grid, or progressive up-sampling."""

from __future__ import annotations

from itertools import pairwise
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.evaluation.segmentation.protocols import SegmentationProtocol

_FINEST = 2  # pixels per cell of the last block; what is finer is interpolated


def build_decoder(
    protocol: SegmentationProtocol, channels: int, grid: tuple[int, int], size: int
) -> nn.Module:
    """The protocol's decoder with fresh weights.

    Args:
        protocol: names the decoder, its width and its targets.
        channels: C of the patch features.
        grid: (h, w) patches.
        size: S, side of the output in pixels.

    Returns:
        A module from (B, C, h, w) features to (B, K, S, S) logits.
    """
    kind = {"unet": UNetDecoder, "setr": ProgressiveDecoder}[protocol.decoder]
    doublings = max(0, int(log2(size / max(grid) / _FINEST)))
    decoder: nn.Module = kind(channels, protocol.width, doublings, len(protocol.targets), size)
    return decoder


class UNetDecoder(nn.Module):
    """Two levels down from the patch grid and up again with skips, then up to the pixels.

    An encoder with feature maps at several strides has fused them on its grid; the coarser levels are made
    anew from there, as for plain transformers.

    Args:
        channels: C of the features.
        width: channels at the grid; every doubling afterwards halves them, down to 8.
        doublings: how often the grid is doubled.
        targets: K.
        size: S, side of the output in pixels.

    Source: Ronneberger et al., MICCAI 2015 (U-Net).
    """

    def __init__(self, channels: int, width: int, doublings: int, targets: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.grid = _block(channels, width, kernel=1)
        self.down = nn.ModuleList([_block(width, 2 * width), _block(2 * width, 2 * width)])
        self.up = nn.ModuleList([_block(4 * width, 2 * width), _block(3 * width, width)])
        widths = [max(8, width >> i) for i in range(doublings + 1)]
        self.finer = nn.ModuleList(_block(*pair) for pair in pairwise(widths))
        self.head = _head(widths[-1], targets)

    def forward(self, features: Tensor) -> Tensor:
        """(B, K, S, S) logits of (B, C, h, w) features."""
        levels = [self.grid(features)]
        for block in self.down:
            levels.append(block(F.avg_pool2d(levels[-1], 2, ceil_mode=True)))
        here = levels.pop()
        for block in self.up:
            skip = levels.pop()
            here = block(torch.cat([_resize(here, skip.shape[-2:]), skip], dim=1))
        for block in self.finer:
            here = block(_double(here))
        return _resize(self.head(here), (self.size, self.size))


class ProgressiveDecoder(nn.Module):
    """Convolution and doubling in turns, one width throughout.

    Args:
        channels, width, doublings, targets, size: as for ``UNetDecoder``.

    Source: Zheng et al., CVPR 2021 (SETR-PUP).
    """

    def __init__(self, channels: int, width: int, doublings: int, targets: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.grid = _block(channels, width)
        self.finer = nn.ModuleList(_block(width, width) for _ in range(doublings))
        self.head = _head(width, targets)

    def forward(self, features: Tensor) -> Tensor:
        """(B, K, S, S) logits of (B, C, h, w) features."""
        here = self.grid(features)
        for block in self.finer:
            here = block(_double(here))
        return _resize(self.head(here), (self.size, self.size))


def _block(channels: int, width: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _head(width: int, targets: int) -> nn.Conv2d:
    head = nn.Conv2d(width, targets, 1)
    head.get_parameter("bias").data.fill_(-2.0)  # most pixels lie outside of most targets
    return head


def _double(maps: Tensor) -> Tensor:
    return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)


def _resize(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    return F.interpolate(maps, tuple(size), mode="bilinear", align_corners=False)
