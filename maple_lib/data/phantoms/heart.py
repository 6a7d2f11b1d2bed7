"""Heart and great vessels: the contour of the cardiac silhouette, the aorta and the mediastinal borders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import Array, Frame, Profile, chord, ellipse, smooth_step

CENTRE = (0.10, 0.19)
# Landmarks of an average silhouette, from the superior caval vein down the right side and up the left.
CONTOUR = (
    (-0.125, -0.04),
    (-0.175, 0.07),
    (-0.205, 0.20),
    (-0.195, 0.33),
    (-0.150, 0.47),
    (0.030, 0.57),
    (0.240, 0.58),
    (0.385, 0.50),
    (0.435, 0.39),
    (0.415, 0.29),
    (0.345, 0.15),
    (0.265, 0.03),
    (0.200, -0.08),
    (0.060, -0.16),
)


@dataclass(frozen=True, slots=True, eq=False)
class Mediastinum:
    """The soft tissue between the lungs; arrays are (size, size) and soft covers in [0, 1].

    Attributes:
        heart: cover of the cardiac silhouette.
        heart_depth: distance inwards from the heart's contour (negative outside).
        band: cover of the mediastinal band without heart and aortic arch.
        knob: cover of the aortic arch.
        band_depth: distance inwards from the band's borders.
    """

    heart: Array
    heart_depth: Array
    band: Array
    knob: Array
    band_depth: Array


def heart_radius(anatomy: Anatomy) -> Array:
    """Distance of the heart's contour from its centre in 720 directions, patient units."""
    points = np.array(CONTOUR) - CENTRE
    points[:, 0] *= np.where(
        points[:, 0] > 0, anatomy.heart_size**1.5 * anatomy.heart_slant, anatomy.heart_size**1.1
    )
    points[:, 1] *= anatomy.heart_size**0.8
    angle = np.arctan2(points[:, 1], points[:, 0])
    order = np.argsort(angle)
    directions = np.linspace(-np.pi, np.pi, 720, endpoint=False)
    radius = np.interp(
        directions, angle[order], np.hypot(points[:, 0], points[:, 1])[order], period=2 * np.pi
    )
    kernel = np.exp(-0.5 * np.square(np.arange(-45, 46) / 15.0))
    return np.convolve(np.pad(radius, 45, mode="wrap"), kernel / kernel.sum(), mode="valid").astype(
        np.float32
    )


def heart_distance(frame: Frame, anatomy: Anatomy) -> Array:
    """Radial distance inwards from the heart's contour; -1 far outside."""
    centre = (CENTRE[0] + anatomy.turn, CENTRE[1] + 0.5 * (anatomy.left.dome - 0.43))
    radius = heart_radius(anatomy)
    window = frame.around(*centre, float(radius.max()) + 0.1)
    x, y = frame.at(window)
    dx, dy = x - centre[0], y - centre[1]
    direction = (np.arctan2(dy, dx) + np.pi) * (720 / (2 * np.pi))
    return frame.spread(
        np.take(radius, direction.astype(np.int32), mode="wrap") - np.hypot(dx, dy), window, -1.0
    )


def build_mediastinum(frame: Frame, anatomy: Anatomy) -> Mediastinum:
    """Heart, aortic arch and mediastinal band as soft covers."""
    soft = max(0.008, frame.pixel * 0.8)
    depth = heart_distance(frame, anatomy)
    dome = max(anatomy.right.dome, anatomy.left.dome)
    heart = smooth_step(depth, soft) * smooth_step(dome + 0.075 - frame.y, 0.03)
    x = frame.x - anatomy.turn
    squared = ellipse(x, frame.y, anatomy.knob[:2], (anatomy.knob[2], anatomy.knob[2] * 0.95))
    knob = smooth_step((1.0 - np.sqrt(squared)) * anatomy.knob[2], soft)
    band_depth = np.minimum(x + _right_border()(frame.y), _left_border(anatomy)(frame.y) - x)
    lower = smooth_step(dome + 0.03 - frame.y, 0.04)
    return Mediastinum(heart, depth, smooth_step(band_depth, soft * 1.5) * lower, knob, band_depth)


@lru_cache(maxsize=1)
def _right_border() -> Profile:
    points = [
        (-1.0, 0.085),
        (-0.75, 0.095),
        (-0.55, 0.120),
        (-0.38, 0.140),
        (-0.15, 0.135),
        (0.0, 0.140),
        (0.4, 0.12),
    ]
    return Profile(points, softness=0.03)


def _left_border(anatomy: Anatomy) -> Profile:
    knob_y = anatomy.knob[1]
    points = [(-1.0, 0.085), (-0.75, 0.10), (-0.55, 0.128), (knob_y - 0.12, 0.132), (knob_y, 0.13)]
    points += [(knob_y + 0.11, 0.125), (-0.06, 0.155), (0.05, 0.15), (0.4, 0.10)]
    return Profile(points, softness=0.025)


def draw_mediastinum(canvas: Canvas, anatomy: Anatomy, parts: Mediastinum, air: Array) -> None:
    """Fill the air around heart, aorta and great vessels, and add their own density."""
    swell = np.sqrt(np.clip(parts.heart_depth * 4.0, 0.0, 1.0))
    fills = parts.heart * (0.54 + 0.34 * swell)
    filled = np.maximum(fills, parts.band * (0.70 + 0.24 * np.clip(parts.band_depth * 8.0, 0.0, 1.0)))
    canvas.add("heart", air * fills + 0.07 * parts.heart * swell * smooth_step(canvas.frame.y - 0.10, 0.28))
    canvas.add(
        "mediastinum", air * (filled - fills) + 0.07 * parts.band * smooth_step(-0.02 - canvas.frame.y, 0.15)
    )
    left_over = air * (1.0 - filled)
    _draw_arch(canvas, anatomy, parts, left_over)
    _draw_descending_aorta(canvas, anatomy, air)


def _draw_arch(canvas: Canvas, anatomy: Anatomy, parts: Mediastinum, air: Array) -> None:
    """The aortic knob and, below the notch, the pulmonary trunk."""
    x, y, radius = anatomy.knob
    trunk_at = (0.125 + anatomy.turn, y + 0.195)
    window = canvas.frame.window(x - 0.3, x + 0.3, y - 0.2, y + 0.4)
    px, py = canvas.frame.at(window)
    dome = chord(ellipse(px - anatomy.turn, py, (x, y), (radius * 1.05, radius)))
    canvas.add(
        "aorta",
        air[window] * parts.knob[window] * (0.50 + 0.35 * dome)
        + 0.03 * dome * smooth_step(px - anatomy.turn - 0.06, 0.06),
        window,
    )
    trunk = chord(ellipse(px, py, trunk_at, (0.085, 0.085)))
    canvas.add("pulmonary trunk", air[window] * 0.55 * trunk, window)


def _draw_descending_aorta(canvas: Canvas, anatomy: Anatomy, air: Array) -> None:
    """The aorta's left edge behind the heart, a straight or unfolded stripe."""
    knob_x, knob_y, _ = anatomy.knob
    window = canvas.frame.window(-0.1, 0.35, knob_y - 0.05, 0.75)
    x, y = canvas.frame.at(window)
    t = np.clip((y - knob_y) * 1.25, 0.0, 1.0)
    edge = anatomy.turn + knob_x + 0.045 - 0.10 * t + anatomy.unfolding * 4.0 * t * (1.0 - t)
    stripe = smooth_step(np.minimum(edge - x, x - edge + 0.11), 0.010) * smooth_step(y - knob_y, 0.04)
    canvas.add("aorta", stripe * (0.13 * air[window] + 0.03), window)
