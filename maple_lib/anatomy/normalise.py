"""Grey values that do not depend on exposure: what the segmenter sees of a radiograph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 256
_EMPTY = 0.02  # share of the grey range that counts as background: collimated borders and padding


def network_input(images: Tensor) -> Tensor:
    """Two views of an image: its grey values equalised, and their contrast with the surroundings.

    Equalisation undoes every monotonic change of the grey values (window, gamma, film curve) exactly, up to
    the fineness of its levels. That is what differs most between a phantom and a radiograph.

    Args:
        images: (B, 1, S, S) float, bone bright, any range.

    Returns:
        (B, 2, S, S) float, both channels roughly in [-1, 1]; zero for a constant image.
    """
    equal = _equalised(_stretched(images))
    around = _surroundings(equal)
    spread = (_surroundings(equal**2) - around**2).clamp_min(0).sqrt()
    local = (equal - around) / (2 * spread + 0.1)
    return torch.cat([2 * equal - 1, local], 1) * (
        images.amax((1, 2, 3), True) > images.amin((1, 2, 3), True)
    )


def _stretched(images: Tensor) -> Tensor:
    low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
    return (images - low) / (high - low).clamp_min(1e-6)


def _equalised(images: Tensor) -> Tensor:
    """Each pixel's rank among the pixels that are not background, in [0, 1]; background is 0."""
    count = len(images)
    level = (images * (LEVELS - 1)).round().long()
    first = torch.arange(count, device=images.device).view(-1, 1, 1, 1) * LEVELS
    histogram = (
        torch.bincount((level + first).flatten(), minlength=count * LEVELS).view(count, LEVELS).float()
    )
    histogram[:, : int(_EMPTY * LEVELS)] = 0
    ranks = histogram.cumsum(1) - histogram / 2
    ranks = ranks / histogram.sum(1, keepdim=True).clamp_min(1)
    return ranks.flatten()[level + first]


def _surroundings(images: Tensor) -> Tensor:
    """Mean over about a quarter of the image around each pixel, found on a coarse copy."""
    coarse = F.avg_pool2d(images, 4)
    radius = coarse.shape[-1] // 8
    mean = F.avg_pool2d(coarse, 2 * radius + 1, 1, radius, count_include_pad=False)
    return F.interpolate(mean, images.shape[-2:], mode="bilinear", align_corners=False)
