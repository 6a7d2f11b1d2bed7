"""Make images smaller without the false patterns that skipping pixels leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

# Pillow copies what it is given: of a large image, some rows at a time.
_BAND, _LARGE = 256, 1 << 22


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
    height, width = fit_size(pixels.shape, size) if isinstance(size, int) else size
    if min(height, width) < 1 or (isinstance(size, int) and size < 1):
        raise MapleError(f"size {size}", "not a size in pixels", "give at least 1")
    if pixels.shape == (height, width):
        return pixels
    out = np.empty((height, width), np.float32)
    band = max(1, height if pixels.size < _LARGE else round(_BAND * height / pixels.shape[0]))
    for top in range(0, height, band):
        rows = slice(top, min(top + band, height))
        out[rows] = _rows(pixels, rows, (height, width))
    return out


def _rows(pixels: NDArray[np.float32], rows: slice, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Some rows of the result: from the input rows under them, and those that the triangle reaches."""
    from PIL import Image

    step = pixels.shape[0] / shape[0]
    start, stop = rows.start * step, min(rows.stop * step, pixels.shape[0])
    reach = max(step, 1.0) + 1
    first, last = max(0, int(start - reach)), min(pixels.shape[0], int(stop + reach) + 1)
    box = (0, start - first, pixels.shape[1], stop - first)
    part = Image.fromarray(pixels[first:last])
    size = (shape[1], rows.stop - rows.start)
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR, box=box))
