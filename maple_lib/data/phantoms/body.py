"""The body's outline and soft tissue: torso, shoulders and arms, breasts, muscle and skin folds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import SIDES, Array, Frame, Profile, chord, ellipse, smooth_step


def torso_half_width(anatomy: Anatomy) -> Profile:
    """Half width of neck, trapezius and trunk, from top to bottom."""
    fat, neck = anatomy.fat, anatomy.neck
    outline = [(-1.3, neck), (-0.98, neck + 0.02), (-0.90, neck + 0.11), (-0.83, 0.46), (-0.765, 0.72 + fat)]
    outline += [(-0.70, 0.90 + fat), (-0.52, 0.95 + fat), (-0.25, 0.87 + fat), (0.10, 0.83 + fat)]
    outline += [(0.45, 0.83 + 1.3 * fat), (0.75, 0.85 + 1.8 * fat), (1.2, 0.88 + 2.0 * fat)]
    return Profile(outline, softness=0.022)


@lru_cache(maxsize=1)
def torso_depth() -> Profile:
    """Attenuation along the midline, from neck to abdomen."""
    return Profile([(-1.0, 0.98), (-0.75, 1.16), (-0.3, 1.34), (0.2, 1.42), (0.6, 1.52), (1.0, 1.55)], 0.08)


def torso(frame: Frame, anatomy: Anatomy) -> tuple[Array, Array]:
    """Thickness of the trunk, and its silhouette in [0, 1]."""
    width = torso_half_width(anatomy)(frame.y)
    across = np.square(frame.x / width)
    thickness = chord(across * across) * torso_depth()(frame.y) * (1.0 + 1.2 * anatomy.fat)
    return thickness, smooth_step(width - np.abs(frame.x), 0.012)


def draw_body(canvas: Canvas, anatomy: Anatomy) -> Array:
    """Lay down trunk, arms and soft-tissue shadows; returns the trunk's silhouette in [0, 1]."""
    frame = canvas.frame
    thickness, silhouette = torso(frame, anatomy)
    canvas.add("body", thickness)
    for sign in SIDES.values():
        _draw_arm(canvas, sign, anatomy)
        _draw_axillary_fold(canvas, sign, anatomy)
        _draw_breast(canvas, sign, anatomy)
        _draw_neck_muscle(canvas, sign)
    return silhouette


def _draw_arm(canvas: Canvas, sign: int, anatomy: Anatomy) -> None:
    """An upper arm: a capsule that leaves the shoulder; its inner edge makes the axillary fold."""
    lean = 0.30 if anatomy.view == "PA" else 0.16
    x0, x1 = (0.60, 1.6) if sign > 0 else (-1.6, -0.60)
    window = canvas.frame.window(x0, x1, -0.85, 1.3)
    x, y = canvas.frame.at(window)
    along = np.clip(y + 0.52, 0.0, 1.4)
    axis = 0.93 + anatomy.fat + lean * along
    radius = 0.165 + anatomy.fat
    squared = np.square((sign * x - axis) / radius) + np.square(np.clip(-0.52 - y, 0, None) / radius)
    canvas.add("arm", 0.62 * chord(squared), window)


def _draw_axillary_fold(canvas: Canvas, sign: int, anatomy: Anatomy) -> None:
    """The pectoral muscle's lower edge, running from the armpit towards the midline."""
    window = canvas.frame.side_window(sign, 0.15, 0.92, -0.60, 0.12)
    x, y = canvas.frame.at(window)
    u = sign * x
    lower_edge = 0.02 - 0.42 * np.square((u - 0.30) * 1.5)
    fade = smooth_step(u - 0.36, 0.18) * smooth_step(0.90 - u, 0.08)
    shade = smooth_step(lower_edge - y, 0.02) * smooth_step(y + 0.45, 0.14) * fade
    canvas.add("muscle", anatomy.muscle * shade, window)


def _draw_breast(canvas: Canvas, sign: int, anatomy: Anatomy) -> None:
    """A breast: thickest low down, with the crisp lower edge of the inframammary fold."""
    if anatomy.breast <= 0:
        return
    centre, radii = (sign * 0.47, 0.30 + 0.3 * anatomy.breast), (0.36, 0.34)
    window = canvas.frame.window(centre[0] - 0.4, centre[0] + 0.4, -0.1, 0.8)
    x, y = canvas.frame.at(window)
    squared = ellipse(x, y, centre, radii)
    below = 0.25 + 0.75 * smooth_step(y - centre[1] + 0.05, 0.30)
    canvas.add("breast", 0.85 * anatomy.breast * chord(squared) * below, window)


def _draw_neck_muscle(canvas: Canvas, sign: int) -> None:
    """Sternocleidomastoid and the skin fold above the clavicle."""
    window = canvas.frame.side_window(sign, 0.02, 0.9, -1.15, -0.5)
    x, y = canvas.frame.at(window)
    u = sign * x
    cord = np.exp(-np.square((u - 0.10 - 0.10 * (-0.55 - y)) / 0.035)) * smooth_step(-0.62 - y, 0.1)
    fold = np.exp(-np.square((y + 0.70 + 0.16 * (u - 0.2)) / 0.014)) * smooth_step(u - 0.22, 0.08)
    canvas.add("muscle", 0.07 * cord + 0.035 * fold * smooth_step(0.72 - u, 0.12), window)
