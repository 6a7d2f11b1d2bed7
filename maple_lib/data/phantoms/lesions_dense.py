"""Calcifications, hiatal hernia, and the marks of findings that change the anatomy itself."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.geometry import Array, Window, ellipse, smooth_step
from maple_lib.data.phantoms.lesion_base import BoolMask, Drawing, local_noise, pick_place
from maple_lib.data.phantoms.lungs import dome_height
from maple_lib.data.phantoms.ribs import POINTS, RibBreak, rib_curves
from maple_lib.data.phantoms.shoulders import CLAVICLE_POINTS, clavicle_curve
from maple_lib.data.phantoms.vessels import hilum

GRANULES = 6


def draw_calcification(drawing: Drawing) -> BoolMask:
    """Calcium: a crescent in the wall of the aortic arch, or a cluster of dense grains."""
    if drawing.planned.region == "aortic arch":
        return _draw_arch_crescent(drawing)
    return _draw_granules(drawing)


def _draw_arch_crescent(drawing: Drawing) -> BoolMask:
    scene = drawing.scene
    x0, y0, radius = scene.anatomy.knob
    centre = (x0 + scene.anatomy.turn, y0)
    window = scene.frame.around(*centre, 1.6 * radius)
    x, y = scene.frame.at(window)
    distance = np.sqrt(ellipse(x, y, centre, (radius, 0.95 * radius)))
    direction = np.arctan2(y - centre[1], x - centre[0]) + 0.45
    thick = max(0.085, 0.8 * scene.frame.pixel / radius)
    rim = np.exp(-np.square((distance - 0.87) / thick)) * smooth_step(np.cos(direction) - 0.15, 0.45)
    rim *= np.clip(0.95 + 0.22 * local_noise(drawing.rng, x.shape, 7), 0.45, 1.3)
    drawing.add(drawing.contrast * (0.22 + 0.26 * drawing.severity) * rim, window)
    return drawing.full(rim, window) > 0.40


def _draw_granules(drawing: Drawing) -> BoolMask:
    rng, frame = drawing.rng, drawing.scene.frame
    hilar = drawing.zone == "hilar structures"
    centre = hilum(drawing.scene.anatomy, drawing.side) if hilar else pick_place(drawing, 0.07)
    x0, y0 = (centre[0] + 0.035 * drawing.lung.sign, centre[1] + 0.01) if hilar else centre
    window = frame.around(x0, y0, 0.15)
    x, y = frame.at(window)
    cover: Array = np.zeros_like(x)
    offsets, sizes = rng.uniform(-0.045, 0.045, (GRANULES, 2)), rng.uniform(0.010, 0.017, GRANULES)
    for (dx, dy), size in zip(offsets.tolist(), sizes.tolist(), strict=True):
        grown = max(size * (0.85 + 0.35 * drawing.extent - 0.2), 0.75 * frame.pixel)
        cover = np.maximum(cover, smooth_step(grown - np.hypot(x - x0 - dx, y - y0 - dy), 0.006))
    drawing.add(drawing.contrast * (0.24 + 0.26 * drawing.severity) * cover, window)
    return drawing.full(cover, window) > 0.40


def draw_hernia(drawing: Drawing) -> BoolMask:
    """A hiatal hernia: a round retrocardiac shadow with gas above a fluid level."""
    scene, rng = drawing.scene, drawing.rng
    radius = (0.095 + 0.075 * drawing.severity) * drawing.extent**0.5
    dome = max(scene.anatomy.left.dome, scene.anatomy.right.dome)
    x0 = scene.anatomy.turn + 0.055 + 0.02 * float(rng.uniform(-1, 1))
    y0 = dome - 0.02 - 0.55 * radius
    window: Window = scene.frame.around(x0, y0, 1.3 * radius)
    x, y = scene.frame.at(window)
    squared = ellipse(x, y, (x0, y0), (radius, 0.88 * radius))
    sac = smooth_step(1.0 - np.sqrt(squared), 0.09)
    gas = smooth_step(0.86 - np.sqrt(squared), 0.12) * smooth_step(y0 - 0.05 * radius - y, 0.010)
    strength = drawing.contrast * (0.75 + 0.5 * drawing.severity)
    drawing.add(strength * (0.075 * sac - 0.24 * gas), window)
    return drawing.full(sac, window) > 0.5


def mark_cardiomegaly(drawing: Drawing) -> BoolMask:
    """The enlarged silhouette, as a reader would box it; the anatomy itself was changed."""
    return drawing.scene.mediastinum.heart > 0.5


def mark_elevated_hemidiaphragm(drawing: Drawing) -> BoolMask:
    """What the raised dome took from the lung, with the new contour."""
    side, lung = drawing.healthy.side(drawing.side), drawing.lung
    before = dome_height(lung.u, side.dome, side.flatness) - drawing.scene.frame.y
    columns = (lung.u > 0.10) & (lung.wall > 0.0)
    return (lung.dome < 0.02) & (before > 0.0) & columns


def choose_rib_break(rng: np.random.Generator, severity: float, contrast: float) -> RibBreak:
    """A fracture of a middle rib where it crosses the lung."""
    rib, place = int(rng.integers(3, 8)), float(rng.uniform(0.23, 0.37))
    return RibBreak(rib, place, (0.40 + 1.00 * severity) * contrast)


def clavicle_step(severity: float, contrast: float) -> float:
    """Displacement of a broken clavicle in patient units."""
    return (0.020 + 0.045 * severity) * contrast


def draw_fracture(drawing: Drawing) -> BoolMask:
    """The break was drawn with the bone; add the fracture line's halo of callus and mark the place."""
    scene, frame = drawing.scene, drawing.scene.frame
    if drawing.zone == "clavicle":
        x, y, _ = clavicle_curve(scene.anatomy, drawing.side)
        point = CLAVICLE_POINTS // 2
        centre, radius = (float(x[0, point]), float(y[0, point]) + 0.01), 0.085
    else:
        broken = choose_rib_break(drawing.rng, drawing.severity, drawing.contrast)
        curves = rib_curves(scene.anatomy, drawing.side)
        point = min(round(broken.place * (POINTS - 1)), POINTS - 1)
        centre, radius = (
            (float(curves.x[broken.rib, point]), float(curves.y[broken.rib, point]) + 0.01),
            0.065,
        )
    window = frame.around(*centre, radius * 1.2)
    squared = ellipse(*frame.at(window), centre, (radius, radius))
    drawing.add(drawing.contrast * (0.03 + 0.05 * drawing.severity) * np.exp(-squared * 3.5), window)
    return drawing.full(1.0 - squared, window) > 0.0
