"""The shoulder girdle: clavicles, scapulae and the heads of the humeri."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import SIDES, Array, chord, ellipse, smooth_step
from maple_lib.data.phantoms.raster import hollow_bone, ribbon, smooth_curve

CLAVICLE_POINTS = 40


def clavicle_curve(anatomy: Anatomy, name: str, step: float = 0.0) -> tuple[Array, Array, Array]:
    """Centre line (1, T) x and y, and half width, of one clavicle from its medial head outwards.

    Args:
        anatomy: the patient.
        name: ``"right"`` or ``"left"``.
        step: displacement at a fracture of its middle third, in patient units; 0 for an intact bone.
    """
    sign, tilt = SIDES[name], anatomy.side(name).clavicle_tilt
    medial = -0.515 + anatomy.apex + 0.70
    heights = [0.0, -0.045, -0.080, -0.082, -0.075, -0.105]
    xs = [0.085, 0.20, 0.36, 0.53, 0.68, 0.82]
    points = [(x, medial + h - 0.11 * tilt * (x - 0.085)) for x, h in zip(xs, heights, strict=True)]
    x, y = smooth_curve(points, CLAVICLE_POINTS)
    t = np.linspace(0.0, 1.0, CLAVICLE_POINTS, dtype=np.float32)[None]
    width = 0.025 + 0.020 * np.exp(-t * 8.0) + 0.008 * t * t
    if step:
        y = y + np.where(t > 0.5, step * np.exp(-(t - 0.5) / 0.18), 0.0).astype(np.float32)
    return x * float(sign) + 0.6 * anatomy.turn, y, width


def draw_clavicle(canvas: Canvas, anatomy: Anatomy, name: str, step: float = 0.0) -> Array:
    """Draw one clavicle; returns its (size, size) cover."""
    x, y, width = clavicle_curve(anatomy, name, step)
    place = np.linspace(0.0, 1.0, CLAVICLE_POINTS)[None]
    weight = np.minimum(0.35 + 12.0 * place, 1.0)  # the medial head fades into the manubrium
    if step:
        ends = np.exp(-np.square((np.abs(place - 0.5) - 0.045) / 0.022))
        weight = weight - np.exp(-np.square((place - 0.5) / 0.020)) + 8.0 * step * ends
    bone = ribbon(canvas.frame, x, y, width, hollow_bone, weight)
    canvas.add("clavicles", 0.31 * anatomy.bone * bone)
    return np.clip(bone * 2.0, 0.0, 1.0)


def draw_scapula(canvas: Canvas, anatomy: Anatomy, name: str) -> None:
    """A thin blade with a dense lateral border."""
    sign, medial = SIDES[name], anatomy.side(name).scapula
    window = canvas.frame.side_window(sign, 0.45, 1.1, -0.75, 0.15)
    x, y = canvas.frame.at(window)
    u = sign * x
    left = u - (medial + 0.10 * np.square((y + 0.25) * 1.6))
    right = 0.83 - 0.43 * np.clip(y + 0.40, 0.0, 1.0) * (0.98 - medial) / 0.4 - u
    inside = np.minimum(np.minimum(left, right), np.minimum(y + 0.60, 0.06 - y))
    blade = smooth_step(inside, 0.012)
    border = np.exp(-np.square(right / 0.016)) * smooth_step(y + 0.42, 0.05) * smooth_step(0.04 - y, 0.06)
    inner = np.exp(-np.square(left / 0.008)) * smooth_step(inside + 0.03, 0.02)
    canvas.add("scapulae", anatomy.bone * (0.060 * blade + 0.13 * border + 0.055 * inner), window)


def draw_scapular_ridges(canvas: Canvas, anatomy: Anatomy) -> None:
    """Both scapular spines, ending in the acromion, and the coracoids."""
    curves = []
    for name, sign in SIDES.items():
        medial = anatomy.side(name).scapula
        spine = [(medial + 0.04, -0.42), (0.74, -0.53), (0.83, -0.595), (0.91, -0.625)]
        coracoid = [(0.78, -0.50), (0.75, -0.54), (0.72, -0.53)]
        curves += [smooth_curve([(sign * x, y) for x, y in path], 20) for path in (spine, coracoid)]
    x, y = (np.concatenate([curve[axis] for curve in curves]) for axis in (0, 1))
    canvas.add("scapulae", 0.11 * anatomy.bone * ribbon(canvas.frame, x, y, 0.021, hollow_bone))


def draw_humerus(canvas: Canvas, anatomy: Anatomy, name: str) -> None:
    """The humeral head and the shaft below it."""
    sign = SIDES[name]
    centre = (sign * (0.955 + 0.5 * anatomy.fat), -0.555)
    window = canvas.frame.side_window(sign, 0.7, 1.25, -0.75, 0.9)
    x, y = canvas.frame.at(window)
    squared = ellipse(x, y, centre, (0.125, 0.122))
    head = chord(squared) + 0.4 * np.exp(-np.square((np.sqrt(squared) - 0.95) / 0.06))
    offset = (sign * x - sign * centre[0] - 0.03 - 0.22 * (y + 0.5)) / 0.055
    shaft = (np.sqrt(np.clip(1 - offset**2, 0, None)) - 0.5 * np.sqrt(np.clip(0.5 - offset**2, 0, None))) * (
        y > -0.47
    )
    canvas.add(
        "humeri", anatomy.bone * np.maximum(0.11 * head, 0.17 * shaft * smooth_step(y + 0.42, 0.06)), window
    )
