"""The square that a method sees, and the image inside it: there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import BoolMask
from maple_lib.evaluation.grounding.heatmap import smooth_and_resize
from maple_lib.evaluation.protocols import GroundingProtocol

Maps = NDArray[Any]


def masks_on_grid(masks: Sequence[BoolMask | None], grid: tuple[int, int]) -> Maps:
    """(B, h, w) float32 share of every patch of the padded square that each mask covers; NaN for None."""
    import torch

    from maple_lib.anatomy.grid import masks_to_grid

    maps = np.full((len(masks), *grid), np.nan, np.float32)
    for row, mask in enumerate(masks):
        if mask is not None:
            maps[row] = masks_to_grid(torch.from_numpy(_pad(mask)), grid).numpy()
    return maps


def heat_maps(maps: Maps, size: tuple[int, int], protocol: GroundingProtocol) -> Maps:
    """Smooth maps on the patch grid and bring them to the image.

    Args:
        maps: (B, h, w) similarity maps of the padded square that the method saw.
        size: (H, W) of the image in pixels.
        protocol: gives the smoothing and the interpolation.

    Returns:
        (B, H, W): the padding is cut away again.
    """
    side, (top, left) = max(size), _margins(size)
    full = smooth_and_resize(maps, protocol.sigma, (side, side), protocol.interpolation)
    return full[:, top : top + size[0], left : left + size[1]]


def _pad(mask: BoolMask) -> BoolMask:
    height, width = mask.shape
    side, (top, left) = max(mask.shape), _margins((height, width))
    return np.pad(mask, ((top, side - height - top), (left, side - width - left)))


def _margins(size: tuple[int, int]) -> tuple[int, int]:
    """(top, left) padding that makes the image a square, the image in the middle."""
    side = max(size)
    return (side - size[0]) // 2, (side - size[1]) // 2
