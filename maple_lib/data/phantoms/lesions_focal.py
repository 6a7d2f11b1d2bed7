"""Focal lung lesions: opacity, consolidation, nodule, mass. Each adds tissue where there was air."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maple_lib.data.phantoms.geometry import Array, Window, chord, smooth_step
from maple_lib.data.phantoms.lesion_base import BoolMask, Drawing, local_noise, pick_place
from maple_lib.data.phantoms.raster import ribbon, smooth_curve


@dataclass(frozen=True, slots=True)
class Patch:
    """How a patch of filled alveoli looks: density in [0, 1], width and raggedness of its edge."""

    density: float
    softness: float
    ragged: float
    bronchograms: bool = False


def draw_opacity(drawing: Drawing) -> BoolMask:
    """A hazy, patchy increase in density with edges that fade."""
    return _draw_patch(drawing, Patch(0.20 + 0.26 * drawing.severity, softness=0.45, ragged=0.15))


def draw_consolidation(drawing: Drawing) -> BoolMask:
    """Alveoli full of fluid: denser and sharper than an opacity, with bronchi dark inside."""
    density = 0.48 + 0.26 * drawing.severity
    return _draw_patch(drawing, Patch(density, softness=0.36, ragged=0.10, bronchograms=True))


def _draw_patch(drawing: Drawing, patch: Patch) -> BoolMask:
    rng, scene = drawing.rng, drawing.scene
    grow = drawing.extent * (0.85 + 0.35 * drawing.severity)
    wide, high = rng.uniform(0.125, 0.165) * grow, rng.uniform(0.105, 0.140) * grow
    x0, y0 = pick_place(drawing, 0.115 * drawing.extent)  # the same place at every severity
    window = scene.frame.around(x0, y0, 1.7 * wide)
    x, y = scene.frame.at(window)
    across, along = _rotate(x - x0, y - y0, float(rng.uniform(-0.6, 0.6)))
    rough, fine = local_noise(rng, x.shape, 6), local_noise(rng, x.shape, 16)
    inside = 1.0 - np.sqrt(np.square(across / wide) + np.square(along / high))
    inside += patch.ragged * rough + 0.05 * fine
    shade = smooth_step(inside - 0.16, patch.softness) * scene.open_lung[window]
    grain = 1.0 + 0.10 * fine
    if patch.bronchograms:
        grain = grain - 0.30 * np.minimum(_bronchograms(drawing, (x0, y0), wide)[window], 1.0)
    drawing.fill(shade * grain * min(patch.density * drawing.contrast, 0.92), window)
    return drawing.full(shade, window) > 0.42


def _rotate(x: Array, y: Array, angle: float) -> tuple[Array, Array]:
    cos, sin = math.cos(angle), math.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


def _bronchograms(drawing: Drawing, centre: tuple[float, float], reach: float) -> Array:
    """Three air-filled bronchi that run outwards through the patch."""
    sign, curves = drawing.lung.sign, []
    for fan in (-0.7, 0.05, 0.75):
        turn = fan + float(drawing.rng.normal(0.0, 0.12))
        start = (centre[0] - 0.75 * sign * reach, centre[1] - 0.25 * reach * turn)
        middle = (centre[0] - 0.1 * sign * reach, centre[1] + 0.25 * reach * turn)
        end = (centre[0] + 0.60 * sign * reach, centre[1] + 0.85 * reach * turn)
        curves.append(smooth_curve([start, middle, end], 16))
    x, y = (np.concatenate([curve[axis] for curve in curves]) for axis in (0, 1))
    width = np.linspace(0.0085, 0.004, 16, dtype=np.float32)[None]
    return ribbon(drawing.scene.frame, x, y, width)


def draw_nodule(drawing: Drawing) -> BoolMask:
    """A round, rather sharp lesion of 5 to 30 mm."""
    diameter = drawing.planned.size_mm or 10.0 + 14.0 * drawing.severity
    density = 0.075 + 0.10 * drawing.severity + 0.0050 * diameter
    return _draw_ball(drawing, diameter, density, lobulation=0.05)


def draw_mass(drawing: Drawing) -> BoolMask:
    """A lobulated lesion above 30 mm, with short spicules."""
    diameter = drawing.planned.size_mm or 38.0 + 24.0 * drawing.severity
    density = 0.22 + 0.16 * drawing.severity + 0.0014 * diameter
    return _draw_ball(drawing, diameter, density, lobulation=0.10)


def _draw_ball(drawing: Drawing, diameter: float, density: float, lobulation: float) -> BoolMask:
    """A ball of tissue whose outline is lobulated; its diameter is the planned one on the detector."""
    rng, frame = drawing.rng, drawing.scene.frame
    phases, radius = rng.uniform(0, 2 * np.pi, 3), diameter / 2
    x0, y0 = pick_place(drawing, 0.95 * frame.units(radius))
    window: Window = frame.around(x0, y0, 1.35 * frame.units(radius) + 2 * frame.pixel)
    dx, dy = frame.distance_mm(*frame.at(window), (x0, y0))
    direction = np.arctan2(dy, dx)
    outline = 1.0 + lobulation * (
        0.8 * np.sin(2 * direction + phases[0])
        + 0.45 * np.sin(3 * direction + phases[1])
        + 0.30 * np.sin(5 * direction + phases[2])
    )
    distance = np.hypot(dx, dy) / (radius * outline.astype(np.float32))
    soft = max(0.10, 0.6 * frame.spacing_mm / radius)
    cover = smooth_step(1.0 - distance, soft)
    body = cover * (0.32 + 0.68 * chord(np.square(distance)))
    drawing.add(drawing.contrast * density * body, window)
    return drawing.full(cover, window) >= 0.5
