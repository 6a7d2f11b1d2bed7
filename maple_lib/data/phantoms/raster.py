"""Drawing curves: ribs, vessels and wires are ribbons of points whose weights are summed into pixels.

The beam adds up whatever it passes, so overlapping ribs and crossing vessels simply add; a wire thinner than
a pixel keeps its mass and grows fainter, as partial volume has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from maple_lib.data.phantoms.geometry import Array, Frame

STEP = 1.0  # pixels between neighbouring points: bilinear sharing leaves no grid up to one pixel
CrossSection = Callable[[Array], Array]


def splat(size: int, columns: Array, rows: Array, weights: Array) -> Array:
    """Sum point weights into a (size, size) image, each shared bilinearly by its four pixels."""
    across = np.clip(columns.ravel() - 0.5, -1.0, size - 1e-3)
    down = np.clip(rows.ravel() - 0.5, -1.0, size - 1e-3)
    left, top = np.floor(across), np.floor(down)
    part_x, part_y = across - left, down - top
    x0, y0 = int(left.min()), int(top.min())  # count in the points' bounding box only
    stride, height = int(left.max()) - x0 + 2, int(top.max()) - y0 + 2
    index = ((top - y0) * stride + (left - x0)).astype(np.int64)
    cells = stride * height
    mass = weights.ravel()
    lower = mass * part_y
    upper = mass - lower
    upper_right, lower_right = upper * part_x, lower * part_x
    total = np.bincount(index, upper - upper_right, minlength=cells)
    for shift, share in ((1, upper_right), (stride, lower - lower_right), (stride + 1, lower_right)):
        total[shift:] += np.bincount(index, share, minlength=cells)[: cells - shift]
    image = np.zeros((size + 2, size + 2), np.float32)  # a border of one pixel catches what falls outside
    image[y0 + 1 : y0 + 1 + height, x0 + 1 : x0 + 1 + stride] = total.reshape(height, stride)
    return image[1:-1, 1:-1]


def solid_tube(v: Array) -> Array:
    """Path through a full cylinder at v in [-1, 1] across it, relative to its diameter."""
    return np.sqrt(np.clip(1.0 - v * v, 0.0, None))


def hollow_bone(v: Array) -> Array:
    """Path through a bone: a dense shell around a marrow that absorbs half as much."""
    shell = np.sqrt(np.clip(1.0 - v * v, 0.0, None))
    marrow = np.sqrt(np.clip(0.62 - v * v, 0.0, None))
    return shell * 1.15 - 0.75 * marrow


def flat_band(v: Array) -> Array:
    """Constant across."""
    return np.ones_like(v)


def ribbon(
    frame: Frame,
    x: Array,
    y: Array,
    half_width: Array | float,
    section: CrossSection = solid_tube,
    weight: Array | float = 1.0,
) -> Array:
    """Draw R curves of T points each, summed, with a cross section.

    Args:
        frame: the patient's frame.
        x: (R, T) centre lines in patient coordinates.
        y: (R, T) likewise.
        half_width: (R, T) or scalar, patient units.
        section: value across the ribbon, at v in [-1, 1] from its one edge to the other.
        weight: (R, T) or scalar factor along the curves.

    Returns:
        (size, size) sum of all ribbons; 1 where a ribbon of section 1 and weight 1 covers a pixel.
    """
    columns, rows = frame.to_pixels(x.astype(np.float32), y.astype(np.float32))
    shape = columns.shape
    width = np.broadcast_to(np.asarray(half_width, np.float32), shape) * (1.0 / frame.pixel)
    weights = np.broadcast_to(np.asarray(weight, np.float32), shape)
    steps = np.hypot(np.diff(columns, axis=1), np.diff(rows, axis=1))
    pieces = max(1, math.ceil(float(steps.max()) / STEP))
    length = np.repeat(steps * (1.0 / pieces), pieces, axis=1)
    columns, rows, width, weights = (_refine(a, pieces) for a in (columns, rows, width, weights))
    tangent_x, tangent_y = _direction(columns, rows)
    lanes = max(1, math.ceil(2 * float(width.max()) / STEP))
    v = ((np.arange(lanes, dtype=np.float32) + 0.5) * (2.0 / lanes) - 1.0)[:, None, None]
    offset = v * width
    mass = section(v) * (weights * length * width * (2.0 / lanes))
    return splat(frame.size, columns - offset * tangent_y, rows + offset * tangent_x, mass)


def _refine(values: Array, pieces: int) -> Array:
    """(R, T) -> (R, (T - 1) * pieces): linear between the given points, at the middle of each piece."""
    part = (np.arange(pieces, dtype=np.float32) + 0.5) / pieces
    start, stop = values[:, :-1, None], values[:, 1:, None]
    return (start + (stop - start) * part).reshape(values.shape[0], -1)


def _direction(columns: Array, rows: Array) -> tuple[Array, Array]:
    """Unit tangents along each curve."""
    if columns.shape[1] < 2:
        return np.ones_like(columns), np.zeros_like(rows)
    along, down = np.gradient(columns, axis=1), np.gradient(rows, axis=1)
    norm = np.maximum(np.hypot(along, down), 1e-6)
    return along / norm, down / norm


def smooth_curve(points: list[tuple[float, float]], count: int = 48) -> tuple[Array, Array]:
    """A Catmull-Rom curve through a few points, as two (1, count) arrays ready for ``ribbon``."""
    p = np.asarray(points, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, len(points) - 1 - 1e-6, count)
    i, f = t.astype(int), (t - t.astype(int))[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    curve = 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
    return curve[None, :, 0].astype(np.float32), curve[None, :, 1].astype(np.float32)
