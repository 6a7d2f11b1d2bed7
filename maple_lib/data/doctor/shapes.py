"""Boxes of what is given as something else: widths and heights, polygons, runs of a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Box = tuple[float, float, float, float]
_NO_BOX = (float("nan"),) * 4


def corners(box: Sequence[float]) -> Box:
    """(x, y, width, height) as (x1, y1, x2, y2)."""
    x, y, width, height = box
    return x, y, x + width, y + height


def around(polygon: Sequence[float]) -> Box:
    """The box around (x0, y0, x1, y1, ...); not a number where there are no three points."""
    if len(polygon) < 6 or len(polygon) % 2:
        return _NO_BOX
    xs, ys = polygon[0::2], polygon[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def around_runs(rle: str, shape: tuple[int, int]) -> Box:
    """The box around ``"start length start length ..."`` (row by row from 0) on an image of (H, W).

    A mask that leaves the image gives a box that leaves it; runs that cannot be read give no number.
    """
    try:
        numbers = np.array(rle.split(), np.int64)
    except (ValueError, OverflowError):
        return _NO_BOX
    if len(numbers) == 0 or len(numbers) % 2 or numbers.min() < 0:
        return _NO_BOX
    starts, stops = numbers[0::2], numbers[0::2] + numbers[1::2]
    width = shape[1]
    left, right = starts % width, starts % width + numbers[1::2]
    wrapped = right > width
    x1 = 0 if wrapped.any() else int(left.min())
    x2 = width if wrapped.any() else int(right.max())
    return float(x1), float(starts.min() // width), float(x2), float(-(-stops.max() // width))
