"""Pulmonary vessels: trees that leave the hila, divide and taper; a vessel's shadow is the blood it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import SIDES, Array, Frame
from maple_lib.data.phantoms.raster import ribbon, solid_tube

GENERATIONS = 6
THINNEST = 0.0022  # half width below which a vessel is texture
# Direction from the hilum in degrees (0 outwards, 90 down), half width, length of the first branch.
ROOTS = (
    (-82.0, 0.017, 0.15),
    (-58.0, 0.019, 0.16),
    (-32.0, 0.014, 0.15),
    (-8.0, 0.015, 0.15),
    (14.0, 0.016, 0.16),
    (36.0, 0.019, 0.17),
    (57.0, 0.022, 0.18),
    (76.0, 0.030, 0.19),
)
HILUM_Y = {"right": -0.005, "left": -0.045}  # the left hilum stands higher
BLOOD = 5.4  # attenuation per patient unit of blood


def hilum(anatomy: Anatomy, name: str) -> tuple[float, float]:
    """Centre of a hilum."""
    return SIDES[name] * 0.165 + anatomy.turn, HILUM_Y[name]


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """The branches of one generation in both lungs, each array (branches,)."""

    x: Array
    y: Array
    angle: Array  # 0 points outwards, to the branch's own side
    width: Array
    length: Array
    sign: Array


def tree_roots(anatomy: Anatomy, rng: np.random.Generator) -> Branches:
    """The first branches at both hila."""
    direction, width, length = np.tile(np.array(ROOTS), (2, 1)).T
    count = len(direction)
    angle = np.deg2rad(direction) + rng.normal(0.0, 0.09, count)
    centres = np.repeat(np.array([hilum(anatomy, name) for name in SIDES]), len(ROOTS), axis=0)
    sign = np.repeat(np.array(list(SIDES.values()), float), len(ROOTS))
    return Branches(
        x=centres[:, 0] + sign * (0.015 * np.cos(angle) - 0.045),
        y=centres[:, 1] + 0.02 + 0.085 * np.sin(angle),
        angle=angle,
        width=width * rng.uniform(0.85, 1.15, count),
        length=length * rng.uniform(0.85, 1.15, count),
        sign=sign,
    )


def grow(rng: np.random.Generator, b: Branches) -> tuple[tuple[Array, Array, Array], Branches]:
    """Bend each branch, and divide it into a stronger, straighter one and a thinner one at a wider angle.

    Returns:
        (x, y, half width) of the branches, each (branches, 3 points), and the next generation.
    """
    count = len(b.x)
    end_angle = b.angle + rng.normal(0.0, 0.16, count)
    x1, y1 = b.x + b.sign * np.cos(b.angle) * b.length / 2, b.y + np.sin(b.angle) * b.length / 2
    x2, y2 = x1 + b.sign * np.cos(end_angle) * b.length / 2, y1 + np.sin(end_angle) * b.length / 2
    curves = (
        np.stack([b.x, x1, x2], 1),
        np.stack([b.y, y1, y2], 1),
        b.width[:, None] * np.array([1.0, 0.96, 0.92]),
    )
    turn = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    straight = end_angle - turn * rng.uniform(0.10, 0.35, count)
    aside = end_angle + turn * rng.uniform(0.45, 0.95, count)
    shrink = 0.92 * rng.uniform(0.78, 0.88, (2, count)) - np.array([[0.0], [0.15]])
    width = np.concatenate([b.width * shrink[0], b.width * shrink[1]])
    length = np.concatenate([b.length * 0.86, b.length * 0.80])
    keep = width > THINNEST
    parts = (
        np.tile(x2, 2),
        np.tile(y2, 2),
        np.concatenate([straight, aside]),
        width,
        length,
        np.tile(b.sign, 2),
    )
    return curves, Branches(*(part[keep] for part in parts))


def vessel_shadow(frame: Frame, anatomy: Anatomy, rng: np.random.Generator) -> Array:
    """Attenuation of all pulmonary vessels as if nothing hid them, (size, size)."""
    branches = tree_roots(anatomy, rng)
    total = np.zeros((frame.size, frame.size), np.float32)
    for _ in range(GENERATIONS):
        (x, y, width), branches = grow(rng, branches)
        total += ribbon(frame, x, y, width, solid_tube, (2 * BLOOD * anatomy.vessel_strength) * width)
    return total


def draw_hila(canvas: Canvas, anatomy: Anatomy, cover: Array) -> None:
    """The dense knot of vessels at each hilum."""
    for name, sign in SIDES.items():
        x0, y0 = hilum(anatomy, name)
        window = canvas.frame.around(x0, y0, 0.30)
        x, y = canvas.frame.at(window)
        squared = np.square((x - x0 + sign * 0.012) / 0.070) + np.square((y - y0 - 0.02) / 0.110)
        canvas.add("hila", 0.22 * np.exp(-squared) * np.maximum(cover[window], 0.2), window)
