"""Masks and boxes of regions, brought to the patch grid of an encoder, area-exact."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from maple_lib.errors import MapleError


@lru_cache(maxsize=64)
def _overlap(cells: int, pixels: int) -> Tensor:
    """(cells, pixels) share of each cell that each pixel covers; every row sums to 1."""
    edges = torch.arange(cells + 1, dtype=torch.float64) * pixels / cells
    left = torch.arange(pixels, dtype=torch.float64)
    high = torch.minimum(edges[1:, None], left[None] + 1)
    low = torch.maximum(edges[:-1, None], left[None])
    return ((high - low).clamp_min(0) * cells / pixels).float()


def masks_to_grid(masks: Tensor, grid: tuple[int, int]) -> Tensor:
    """The share of every patch that each mask covers.

    Args:
        masks: (..., H, W) bool or float in [0, 1].
        grid: (h, w) patches; H and W need not be multiples of them.

    Returns:
        (..., h, w) float32 in [0, 1]; sums are area-exact: mean over patches = mean over pixels.

    Raises:
        MapleError: if ``masks`` has fewer than two axes.
    """
    if masks.ndim < 2:
        raise MapleError(f"masks of shape {tuple(masks.shape)}", "expected (..., H, W)", "add the image axes")
    rows = _overlap(grid[0], masks.shape[-2]).to(masks.device)
    columns = _overlap(grid[1], masks.shape[-1]).to(masks.device)
    return rows @ masks.float() @ columns.T


def boxes_to_grid(boxes: Tensor, size: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """The share of every patch that each box covers, without drawing the box.

    Args:
        boxes: (..., 4) x1, y1, x2, y2 in pixels; parts outside the image do not count.
        size: (H, W) of the image in pixels.
        grid: (h, w) patches.

    Returns:
        (..., h, w) float32 in [0, 1].
    """
    x1, y1, x2, y2 = boxes.float().unbind(-1)
    rows = _axis_cover(y1, y2, size[0], grid[0])
    columns = _axis_cover(x1, x2, size[1], grid[1])
    return rows[..., :, None] * columns[..., None, :]


def _axis_cover(start: Tensor, end: Tensor, pixels: int, cells: int) -> Tensor:
    """(..., cells) share of each cell of one axis between ``start`` and ``end``."""
    edges = torch.arange(cells + 1, device=start.device) * (pixels / cells)
    low = torch.maximum(start[..., None], edges[:-1])
    high = torch.minimum(end[..., None], edges[1:])
    return (high - low).clamp_min(0) * (cells / pixels)
