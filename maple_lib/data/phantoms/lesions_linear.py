"""Linear and diffuse lung findings: plate atelectasis, scars, edema, hyperinflation."""

from __future__ import annotations

import math

import numpy as np

from maple_lib.data.phantoms.geometry import Array, smooth_step
from maple_lib.data.phantoms.lesion_base import BoolMask, Drawing, local_noise, pick_place, thick_mask
from maple_lib.data.phantoms.raster import ribbon, smooth_curve
from maple_lib.data.phantoms.regions import zone_limits
from maple_lib.data.phantoms.vessels import hilum

PLATES = 3


def draw_atelectasis(drawing: Drawing) -> BoolMask:
    """One to three dense plates of airless lung with a haze around them."""
    rng, scene = drawing.rng, drawing.scene
    x0, y0 = pick_place(drawing, 0.11)
    tilt, count = float(rng.normal(0.0, 0.22)), int(rng.integers(1, PLATES + 1))
    gaps, thick, reach = (
        rng.uniform(0.040, 0.065, PLATES),
        rng.uniform(0.010, 0.016, PLATES) * drawing.extent,
        rng.uniform(0.9, 1.1, 3),
    )
    window = scene.frame.around(x0, y0, 0.30)
    x, y = scene.frame.at(window)
    cos, sin = math.cos(tilt), math.sin(tilt)
    half_length = 0.135 * drawing.extent**0.5
    plates: Array = np.zeros_like(x)
    for j in range(count):
        down = (j - (count - 1) / 2) * float(gaps[j])
        across = (x - x0) * cos + (y - y0 - down) * sin
        along = (y - y0 - down) * cos - (x - x0) * sin + 0.35 * np.square(x - x0)
        ends = smooth_step(half_length * float(reach[j]) - np.abs(across), 0.03)
        plates = np.maximum(plates, np.exp(-np.square(along / float(thick[j]))) * ends)
    tall = 0.035 + 0.022 * count
    haze = np.exp(-np.square((x - x0) / (0.8 * half_length)) - np.square((y - y0) / tall))
    seen = scene.open_lung[window]
    drawing.add(drawing.contrast * seen * ((0.15 + 0.18 * drawing.severity) * plates + 0.07 * haze), window)
    return drawing.full(np.maximum(plates, 0.8 * haze) * seen, window) > 0.35


def draw_scar(drawing: Drawing) -> BoolMask:
    """Fibrous strands drawn from the pleura towards the hilum, with a thickened pleural cap at their feet."""
    rng, scene, sign = drawing.rng, drawing.scene, drawing.lung.sign
    x0, y0 = pick_place(drawing, 0.07)
    hilum_x, hilum_y = hilum(scene.anatomy, drawing.side)
    norm = math.hypot(hilum_x - x0, hilum_y - y0)
    to_x, to_y = (hilum_x - x0) / norm, (hilum_y - y0) / norm
    curves = []
    for fan in (-0.55, -0.15, 0.25, 0.6):
        jitter = rng.normal(0.0, 0.014, 6)
        reach = 0.10 * float(rng.uniform(0.75, 1.15))
        foot = (x0 - 0.07 * to_x + sign * 0.09 * fan + jitter[0], y0 - 0.07 * to_y + 0.05 * fan + jitter[1])
        middle = (x0 + jitter[2], y0 + 0.6 * jitter[3])
        end = (x0 + reach * to_x + 0.05 * fan + jitter[4], y0 + reach * to_y + jitter[5])
        curves.append(smooth_curve([foot, middle, end], 16))
    x, y = (np.concatenate([curve[axis] for curve in curves]) for axis in (0, 1))
    top, bottom = zone_limits(scene.anatomy, drawing.lung, drawing.zone)
    inside = scene.open_lung * (scene.frame.y > top) * (scene.frame.y < bottom + 0.06)
    strands = ribbon(scene.frame, x, y, 0.0085) * inside
    drawing.add(drawing.contrast * (0.12 + 0.20 * drawing.severity) * np.minimum(strands, 1.6))
    return thick_mask(scene, strands, 4.0) & (inside > 0.5)


def draw_edema(drawing: Drawing) -> BoolMask:
    """Haze that fades outwards from the hilum, thick vessels, and short septal lines at the base."""
    rng, scene, lung = drawing.rng, drawing.scene, drawing.lung
    x0, y0 = hilum(scene.anatomy, drawing.side)
    x, y = scene.frame.x, scene.frame.y
    spread = 0.85 + 0.3 * drawing.severity
    radial = np.square((x - x0 - 0.10 * lung.sign) / (0.25 * spread)) + np.square(
        (y - y0 - 0.10) / (0.36 * spread)
    )
    seen = scene.open_lung * lung.cover
    cloud = np.exp(-radial) * (
        1.0 + 0.28 * local_noise(rng, x.shape, 15) + 0.15 * local_noise(rng, x.shape, 40)
    )
    drawing.fill(cloud * seen * (drawing.contrast * (0.20 + 0.30 * drawing.severity)))
    vessels = np.minimum(scene.markings, 0.16) * (0.25 + 0.55 * drawing.severity)
    septa = 0.085 * (0.4 + drawing.severity) * _septal_lines(drawing)
    drawing.add(drawing.contrast * seen * (vessels + septa))
    return (np.exp(-radial) * seen) > 0.40 - 0.12 * drawing.severity


def _septal_lines(drawing: Drawing) -> Array:
    """Kerley B lines: short, thin, horizontal, at the lateral base."""
    rng, scene, lung = drawing.rng, drawing.scene, drawing.lung
    count = 9
    y = np.linspace(lung.base - 0.40, lung.base - 0.06, count)[:, None] + rng.normal(0, 0.008, (count, 1))
    length = rng.uniform(0.06, 0.11, (count, 1))
    outer = scene.anatomy.lung_width - 0.015 - 0.05 * np.clip(y - 0.3, 0, 1)
    x = lung.sign * (outer - length * np.linspace(0.0, 1.0, 4)[None])
    return ribbon(scene.frame, x, np.broadcast_to(y, x.shape), 0.005)


def mark_hyperinflation(drawing: Drawing) -> BoolMask:
    """The whole overinflated lung; the anatomy itself was changed: low flat dome, more air."""
    lung = drawing.lung
    drawing.add(drawing.contrast * -(0.03 + 0.08 * drawing.severity) * drawing.scene.open_lung * lung.cover)
    return (lung.cover > 0.5) & (drawing.scene.open_lung > 0.5)
