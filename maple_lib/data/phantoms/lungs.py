"""The lungs: aerated fields bounded by chest wall, mediastinum and diaphragm, and the air they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import SIDES, Array, Frame, Profile, smooth_step

APEX_X = 0.30  # where the apices are highest
DOME_X = 0.36  # where the diaphragm is highest
MEDIAL = 0.085
BASE = 0.60  # y below which the chest wall no longer widens


@dataclass(frozen=True, slots=True, eq=False)
class LungField:
    """One lung, every array (size, size); on the other side of the midline all distances are -1.

    Attributes:
        sign: -1 for the patient's right lung, 1 for the left.
        u: distance from the midline, growing outwards.
        wall, medial, dome: signed distances inwards from chest wall, mediastinal edge and diaphragm.
        dome_y: y of the diaphragm above each column.
        cover: 1 inside, 0 outside, soft across the edge.
        depth: thickness of the lung, in [0, 1].
        base: y of the costophrenic angle.
    """

    sign: int
    u: Array
    wall: Array
    medial: Array
    dome: Array
    dome_y: Array
    cover: Array
    depth: Array
    base: float


@lru_cache(maxsize=8)
def wall_profile(anatomy: Anatomy) -> Profile:
    """Half width of the thorax inside the ribs: a superellipse from the apex outwards."""
    y = np.linspace(-1.2, 1.2, 241)
    rise = np.clip((BASE - y) / (BASE - anatomy.apex), 0.0, 1.0)
    bulge = np.power(1.0 - np.power(rise, anatomy.roundness), 1.0 / anatomy.roundness)
    width = APEX_X + (anatomy.lung_width - APEX_X) * bulge - 0.05 * np.clip(y - 0.30, 0.0, 1.0)
    return Profile(list(zip(y.tolist(), width.tolist(), strict=True)), softness=0.006)


@lru_cache(maxsize=8)
def medial_profile(anatomy: Anatomy) -> Profile:
    """Distance of the lungs' medial edge from the midline; it swings outwards to close the apex."""
    y = np.linspace(-1.2, 1.2, 241)
    near_apex = np.clip(1.0 - (y - anatomy.apex) / 0.17, 0.0, 1.0)
    edge = MEDIAL + (APEX_X - MEDIAL) * (1.0 - np.sqrt(1.0 - np.power(near_apex, 2.2) + 1e-9))
    return Profile(list(zip(y.tolist(), edge.tolist(), strict=True)), softness=0.004)


def dome_height(u: Array, top: float, flatness: float) -> Array:
    """The y of the diaphragm at a distance u from the midline: a dome that falls steeply to the side."""
    lateral = np.clip(u - DOME_X, 0.0, None)
    medial = np.clip(DOME_X - u, 0.0, None)
    return top + flatness * (
        0.75 * np.square(lateral) + 3.1 * lateral * lateral * lateral + 0.95 * np.square(medial)
    )


def build_lung(frame: Frame, anatomy: Anatomy, name: str) -> LungField:
    """The field of the ``"right"`` or ``"left"`` lung."""
    sign, side = SIDES[name], anatomy.side(name)
    window = frame.side_window(sign, 0.0, 1.4, -1.4, 1.4)  # its half of the image
    x, y = frame.at(window)
    u, below_apex = x * float(sign), y - anatomy.apex
    wall_x = wall_profile(anatomy)(y)
    wall, medial = wall_x - u, u - medial_profile(anatomy)(y)
    dome_y = dome_height(u, side.dome, side.flatness)
    dome = dome_y - y
    inside = np.minimum(np.minimum(wall, medial), np.minimum(dome * 0.8, below_apex))
    cover = smooth_step(inside, max(0.007, frame.pixel * 0.7))
    thin = np.minimum(np.minimum(wall * 1.1, medial * 1.6), np.clip(dome, 0.0, None) * 1.5 + 0.07)
    thin = np.clip(np.minimum(thin, below_apex * 1.2), 0.0, None)
    depth = cover * (0.40 + 0.60 * (1.0 - np.exp(thin * -7.0)))
    depth *= 0.84 + 0.16 * np.clip(below_apex * 1.8, 0.0, 1.0)
    base = float(dome_height(np.array([anatomy.lung_width - 0.03], np.float32), side.dome, side.flatness)[0])
    far = -1.0  # distances on the other side of the midline: outside
    return LungField(
        sign=sign,
        u=frame.spread(u, window, far),
        wall=frame.spread(wall, window, far),
        medial=frame.spread(medial, window, far),
        dome=frame.spread(dome, window, far),
        dome_y=frame.spread(dome_y, window, far),
        cover=frame.spread(cover, window),
        depth=frame.spread(depth, window),
        base=base,
    )


def build_lungs(frame: Frame, anatomy: Anatomy) -> dict[str, LungField]:
    """Both lungs by side."""
    return {name: build_lung(frame, anatomy, name) for name in SIDES}


def draw_lungs(canvas: Canvas, anatomy: Anatomy, lungs: Mapping[str, LungField]) -> Array:
    """Take the lungs' air away from the body; returns the (size, size) attenuation taken."""
    air = anatomy.air * (lungs["right"].depth + lungs["left"].depth)
    canvas.add("lung air", -air)
    for lung in lungs.values():
        canvas.add("posterior recess", -0.10 * _posterior_recess(canvas.frame, lung))
    return air


def _posterior_recess(frame: Frame, lung: LungField) -> Array:
    """The lung that hangs behind the diaphragm's dome and shines through it faintly."""
    inside = np.minimum(np.minimum(lung.wall - 0.04, lung.u - 0.13), lung.base + 0.06 - frame.y)
    return smooth_step(inside, 0.07) * (1.0 - lung.cover) * smooth_step(-lung.dome, 0.02)
