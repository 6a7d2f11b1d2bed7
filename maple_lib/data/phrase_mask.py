"""The pixels that a phrase speaks of: its boxes, polygons and mask together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maple_lib.data.mask_codes import decode_mask
from maple_lib.data.study import BoolMask, Phrase
from maple_lib.errors import MapleError


def phrase_mask(phrase: Phrase, shape: tuple[int, ...]) -> BoolMask:
    """The union of a phrase's boxes, polygons and mask.

    Args:
        phrase: its places, in the image's pixels; what lies outside the image does not exist.
        shape: (H, W) of the image.

    Returns:
        (H, W) bool.

    Raises:
        MapleError: if a polygon or the mask is damaged.
    """
    mask = decode_mask(phrase.rle, shape)
    for box in phrase.boxes:
        mask |= box_mask(box, shape)
    for polygon in phrase.polygons:
        mask |= polygon_mask(polygon, shape)
    return mask


def box_mask(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> BoolMask:
    """Pixels of an (x, y, width, height) box, (H, W) bool; the parts outside the image do not exist."""
    x, y, width, height = box
    mask = np.zeros(shape, bool)
    left, top = max(0, round(x)), max(0, round(y))
    mask[top : max(top, round(y + height)), left : max(left, round(x + width))] = True
    return mask


def polygon_mask(polygon: Sequence[float], shape: tuple[int, ...]) -> BoolMask:
    """Pixels whose centre lies inside a polygon by the even-odd rule.

    Pixel (row, column) is the square from (column, row) to (column + 1, row + 1), so that the polygon of a
    box's corners covers what the box covers.

    Args:
        polygon: (x0, y0, x1, y1, ...), closed by itself; parts outside the image do not exist.
        shape: (H, W) of the image.

    Returns:
        (H, W) bool.

    Raises:
        MapleError: if it has fewer than three corners, or a coordinate is missing or not finite.
    """
    corners = np.asarray(polygon, np.float64)
    if corners.size < 6 or corners.size % 2 or not np.isfinite(corners).all():
        raise MapleError(
            f"polygon of {corners.size} numbers", "not x and y of three corners or more", "leave it out"
        )
    rows, crossings = _crossings(corners.reshape(-1, 2), shape[0])
    columns = np.clip(np.ceil(crossings - 0.5), 0, shape[1]).astype(np.intp)
    mask = np.zeros(shape, bool)
    if len(rows):
        top, left = rows.min(), columns.min()
        # Each crossing of a row turns outside into inside, or back, from its column on.
        turns = np.zeros((rows.max() + 1 - top, columns.max() + 1 - left), np.int8)
        np.bitwise_xor.at(turns, (rows - top, columns - left), 1)
        inside = np.bitwise_xor.accumulate(turns, axis=1)[:, :-1]
        mask[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return mask


def _crossings(corners: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the edges cross the middle lines of the rows: row numbers (n,) and x (n,)."""
    start, end = corners, np.roll(corners, -1, axis=0)
    upper = np.where((start[:, 1] <= end[:, 1])[:, None], start, end)
    lower = np.where((start[:, 1] <= end[:, 1])[:, None], end, start)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.intp)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.intp)
    counts = last - first
    edge = np.repeat(np.arange(len(corners)), counts)
    rows = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts) + first[edge]
    slope = (lower[edge, 0] - upper[edge, 0]) / (lower[edge, 1] - upper[edge, 1])
    return rows, upper[edge, 0] + (rows + 0.5 - upper[edge, 1]) * slope
