"""Make images smaller without the false patterns that skipping pixels leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError


def fit_size(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """(height, width) with the longer side ``size`` and the proportions kept, at least 1 pixel each."""
    scale = size / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize(pixels: NDArray[np.float32], size: int | tuple[int, int]) -> NDArray[np.float32]:
    """Resize an image with anti-aliasing.

    Every output pixel averages all the input under it, weighted by a triangle as wide as the reduction: no
    pixel is skipped, and no overshoot leaves [0, 1].

    Args:
        pixels: (H, W) float32.
        size: length of the longer side, proportions kept, or (height, width).

    Returns:
        (height, width) float32; the input itself if it already has that size.

    Raises:
        MapleError: if a size is below 1.
    """
    from PIL import Image

    height, width = fit_size(pixels.shape, size) if isinstance(size, int) else size
    if min(height, width) < 1 or (isinstance(size, int) and size < 1):
        raise MapleError(f"size {size}", "not a size in pixels", "give at least 1")
    if pixels.shape == (height, width):
        return pixels
    small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(small)
