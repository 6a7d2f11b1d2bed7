"""The spine: vertebral bodies with end plates, discs, pedicles and spinous processes."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import Array, Frame, Window, smooth_step

HALF_WIDTH = 0.078
FIRST, HEIGHT, GROWTH = -1.06, 0.098, 0.0135  # top vertebra's y, its height, growth per unit of y


def spine_centre(anatomy: Anatomy, y: Array) -> Array:
    """The x of the spine's axis: straight but for a slight curve."""
    return 0.4 * anatomy.turn + anatomy.spine_curve * np.sin(2.2 * y + 0.6)


def vertebra_phase(y: Array) -> Array:
    """Position inside a vertebra: 0 at its centre, 0.5 at the disc above and below."""
    level = (y - FIRST) / (HEIGHT + GROWTH * (y + 1.0))
    return np.abs(level - np.round(level))


def spine_level(index: float) -> float:
    """The y of the centre of a vertebra (0 is C6, 3 is T2, 13 is T12)."""
    return FIRST + index * (HEIGHT + GROWTH) / (1.0 - GROWTH * index)


def spine_half_width(y: Array) -> Array:
    """Vertebrae widen downwards."""
    return HALF_WIDTH + 0.014 * y


def spine_window(frame: Frame) -> Window:
    """The block of pixels around the spine."""
    return frame.window(-0.2, 0.2, -1.4, 1.4)


def draw_spine(canvas: Canvas, anatomy: Anatomy) -> Array:
    """Draw the spine; returns its (size, size) cover in [0, 1]."""
    window = spine_window(canvas.frame)
    x, y = canvas.frame.at(window)
    u = x - spine_centre(anatomy, y)
    phase, width = vertebra_phase(y), spine_half_width(y)
    waist = width - 0.010 * np.cos(phase * (2 * np.pi)).clip(0.0, 1.0)
    body = smooth_step(waist - np.abs(u), 0.008)
    disc = np.exp(-np.square((phase - 0.5) / 0.085))
    plate = np.exp(-np.square((phase - 0.37) / 0.045))
    edge = np.exp(-np.square((np.abs(u) - waist + 0.007) / 0.008)) * (1.0 - disc)
    bone = body * (0.085 - 0.055 * disc + 0.035 * plate) + 0.032 * edge
    canvas.add("spine", anatomy.bone * (bone + _posterior_elements(u, y, width)), window)
    return canvas.frame.spread(smooth_step(width - np.abs(u), 0.008), window)


def _posterior_elements(u: Array, y: Array, width: Array) -> Array:
    """Pedicles as a pair of ovals and the spinous process as a drop in the midline."""
    level = (y - FIRST) / (HEIGHT + GROWTH * (y + 1.0))
    offset = level - np.round(level)
    pedicle = np.square((np.abs(u) - width * 0.62) / 0.018) + np.square((offset + 0.12) / 0.20)
    ring = np.exp(-np.square((np.sqrt(pedicle) - 1.0) / 0.45))
    low = level + 0.28
    process = np.square(u / 0.014) + np.square((low - np.round(low)) / 0.24)
    transverse = np.exp(-np.square((np.abs(u) - width - 0.02) / 0.030) - np.square((offset + 0.10) / 0.15))
    return 0.042 * ring + 0.060 * np.exp(-process) + 0.030 * transverse
