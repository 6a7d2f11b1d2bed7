"""The air column of trachea and main bronchi, dark on the mediastinum."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import Array, smooth_step
from maple_lib.data.phantoms.raster import ribbon, smooth_curve, solid_tube

HALF_WIDTH = 0.043
CARINA_Y = -0.145


def trachea_x(anatomy: Anatomy, y: Array) -> Array:
    """The x of the tracheal axis: the arch pushes its lower end slightly to the right."""
    return anatomy.turn * 1.2 - 0.018 * smooth_step(y + 0.42, 0.25)


def carina_point(anatomy: Anatomy) -> tuple[float, float]:
    """Where the trachea divides."""
    return float(trachea_x(anatomy, np.array([CARINA_Y], np.float32))[0]), CARINA_Y


def draw_airways(canvas: Canvas, anatomy: Anatomy) -> Array:
    """Draw trachea and main bronchi; returns the trachea's (size, size) cover."""
    window = canvas.frame.window(-0.15, 0.15, -1.4, CARINA_Y + 0.06)
    x, y = canvas.frame.at(window)
    across = np.abs(x - trachea_x(anatomy, y))
    column = smooth_step(HALF_WIDTH - across, 0.010) * smooth_step(CARINA_Y + 0.01 - y, 0.035)
    wall = np.exp(-np.square((across - HALF_WIDTH - 0.004) / 0.006)) * smooth_step(CARINA_Y - 0.03 - y, 0.02)
    canvas.add("trachea", 0.02 * wall - 0.11 * column * smooth_step(y + 1.05, 0.12), window)
    _draw_bronchi(canvas, anatomy)
    return canvas.frame.spread(column, window)


def _draw_bronchi(canvas: Canvas, anatomy: Anatomy) -> None:
    """The steep short right main bronchus and the long flat left one."""
    x0, y0 = carina_point(anatomy)
    right = smooth_curve(
        [(x0, y0 - 0.03), (x0 - 0.06, y0 + 0.05), (x0 - 0.12, y0 + 0.13), (x0 - 0.17, y0 + 0.22)], 20
    )
    left = smooth_curve(
        [(x0, y0 - 0.03), (x0 + 0.07, y0 + 0.045), (x0 + 0.15, y0 + 0.09), (x0 + 0.22, y0 + 0.15)], 20
    )
    x, y = np.concatenate([right[0], left[0]]), np.concatenate([right[1], left[1]])
    taper = np.linspace(1.0, 0.55, 20, dtype=np.float32)
    air = taper * np.linspace(0.3, 2.5, 20, dtype=np.float32).clip(
        0.0, 1.0
    )  # both begin in the trachea's own air
    tubes = ribbon(
        canvas.frame, x, y, 0.032 * np.stack([taper, taper * 0.95]), solid_tube, np.stack([air, air])
    )
    canvas.add("bronchi", -0.12 * tubes)
