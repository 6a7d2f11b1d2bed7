"""The ribs: tilted hoops around the chest, seen from the front.

A rib leaves the spine, runs round the chest's ellipse and falls on its way forward; its projection
x = a sin(angle), y = y0 + drop (1 - cos(angle)) / 2 gives flat posterior arcs, steep anterior ones, and the
bright lateral turn where the beam runs along the bone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import SIDES, Array
from maple_lib.data.phantoms.lungs import wall_profile
from maple_lib.data.phantoms.raster import hollow_bone, ribbon
from maple_lib.data.phantoms.spine import spine_level

COUNT = 11
POINTS = 56
END_ANGLE = (
    2.75,
    2.60,
    2.50,
    2.45,
    2.42,
    2.40,
    2.36,
    2.30,
    2.20,
    2.0,
    1.35,
)  # where the bone turns to cartilage
DROP = (0.22, 0.30, 0.37, 0.43, 0.48, 0.52, 0.55, 0.57, 0.58, 0.58, 0.56)


@dataclass(frozen=True, slots=True)
class RibBreak:
    """A fracture: the rib's index, its place along the rib in [0, 1], and the step in rib widths."""

    rib: int
    place: float
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class RibCurves:
    """The ribs of one side: centre lines, half widths and weights along them, each (ribs, points)."""

    x: Array
    y: Array
    half_width: Array
    weight: Array


def rib_curves(anatomy: Anatomy, name: str, broken: RibBreak | None = None) -> RibCurves:
    """Centre lines of the ribs of one side."""
    angle = np.linspace(0.09, 1.0, POINTS)[None, :] * np.array(END_ANGLE)[:, None]
    start = np.array([spine_level(i + 1.75) for i in range(COUNT)])[:, None]
    drop = np.array(DROP)[:, None] * anatomy.rib_drop
    y = start + drop * (1.0 - np.cos(angle)) / 2 - 0.03 * np.sin(2.0 * angle) * (angle < np.pi / 2)
    side = wall_profile(anatomy)((start + drop / 2).astype(np.float32)) + 0.022
    side[0] = 0.40
    x = side * np.power(np.sin(angle), 0.92) + 0.03 * (angle < 0.3) * (0.3 - angle)
    rank = np.linspace(0.0, 1.0, COUNT)[:, None]
    half_width = (0.026 + 0.004 * np.sin(rank * np.pi)) * (0.86 + 0.20 * np.square(angle / 2.4))
    lateral = np.exp(-np.square((angle - 1.57) / 0.5))
    front = np.clip((angle - 1.7) * 1.6, 0.0, 1.0)
    fade = np.clip((np.array(END_ANGLE)[:, None] - angle) * 5.0, 0.0, 1.0)
    weight = (1.0 + 0.25 * lateral - 0.38 * front) * fade
    if broken is not None:
        y, weight = _break(y, weight, half_width, broken)
    sign = SIDES[name]
    parts = (sign * x, y, half_width, weight)
    return RibCurves(*(np.ascontiguousarray(np.broadcast_to(p, x.shape), np.float32) for p in parts))


def _break(y: Array, weight: Array, half_width: Array, broken: RibBreak) -> tuple[Array, Array]:
    """Step one rib down beyond a place, let the step fade out, and open a gap between dense ends."""
    along = np.linspace(0.0, 1.0, y.shape[1]) - broken.place
    y, weight = y.copy(), weight.copy()
    step = np.where(along > 0, np.exp(-np.clip(along, 0.0, None) / 0.11), 0.0)
    y[broken.rib] += step * broken.step * 2.0 * half_width[broken.rib]
    gap = np.exp(-np.square(along / 0.020))
    ends = np.exp(-np.square((np.abs(along) - 0.045) / 0.022))  # sclerosis beside the gap
    weight[broken.rib] *= 1.0 - gap + (0.25 + 0.45 * broken.step) * ends
    return y, weight


def draw_ribs(canvas: Canvas, anatomy: Anatomy, breaks: Mapping[str, RibBreak], behind: Array) -> None:
    """Draw both rib cages; ``behind`` (size, size) dims them where soft tissue hides them."""
    sides = [rib_curves(anatomy, name, breaks.get(name)) for name in SIDES]
    x, y, width, weight = (
        np.concatenate([getattr(side, part) for side in sides]) for part in ("x", "y", "half_width", "weight")
    )
    bones = ribbon(canvas.frame, x, y, width, hollow_bone, weight)
    canvas.add("ribs", 0.19 * anatomy.bone * bones * behind)
