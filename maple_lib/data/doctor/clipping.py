"""Boxes, polygons and runs cut to their image; None or nothing where nothing is left."""

from __future__ import annotations

import math
from collections.abc import Sequence

Shape = tuple[int, int] | None
Box = tuple[float, float, float, float]


def clip_box(box: Box, shape: Shape) -> Box | None:
    """(x1, y1, x2, y2) inside an image of (H, W); None where it marks nothing."""
    if not all(map(math.isfinite, box)):
        return None
    height, width = shape or (math.inf, math.inf)
    x1, y1, x2, y2 = box
    clipped = max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height)
    return clipped if clipped[0] < clipped[2] and clipped[1] < clipped[3] else None


def clip_polygon(polygon: Sequence[float], shape: Shape) -> tuple[float, ...] | None:
    """(x0, y0, x1, y1, ...) inside an image of (H, W); None where it has no area."""
    if len(polygon) < 6 or not all(map(math.isfinite, polygon)):
        return None
    height, width = shape or (math.inf, math.inf)
    limits = (width, height)
    clipped = tuple(min(max(value, 0.0), limits[i % 2]) for i, value in enumerate(polygon))
    flat = any(min(clipped[axis::2]) == max(clipped[axis::2]) for axis in (0, 1))
    return None if flat else clipped


def cut_runs(rle: str, shape: Shape) -> str:
    """``"start length ..."`` without what lies beyond the last pixel; empty where it cannot be read."""
    try:
        numbers = [int(each) for each in rle.split()]
    except ValueError:
        return ""
    end = math.inf if shape is None else shape[0] * shape[1]
    runs = zip(numbers[0::2], numbers[1::2], strict=False)
    kept = [(start, min(start + length, end) - start) for start, length in runs if 0 <= start < end]
    return " ".join(f"{start} {length}" for start, length in kept)
