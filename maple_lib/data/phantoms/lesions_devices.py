"""Devices: pacemaker, endotracheal tube, central venous line. Metal is brighter than bone."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.airways import CARINA_Y, carina_point, trachea_x
from maple_lib.data.phantoms.geometry import SIDES, Array, smooth_step
from maple_lib.data.phantoms.lesion_base import BoolMask, Drawing, thick_mask
from maple_lib.data.phantoms.raster import ribbon, smooth_curve
from maple_lib.data.phantoms.regions import cavoatrial_junction, superior_caval_vein, zone_limits


def draw_pacemaker(drawing: Drawing) -> BoolMask:
    """A generator under the clavicle and leads through the great veins to the right heart."""
    rng, scene, sign = drawing.rng, drawing.scene, SIDES[drawing.side]
    bottom = zone_limits(scene.anatomy, drawing.lung, "upper lung zone")[1]
    x0 = sign * (0.50 + 0.03 * float(rng.uniform(-1, 1)))
    y0 = min(-0.40 + 0.03 * float(rng.uniform(-1, 1)), bottom - 0.07)
    window = scene.frame.around(x0, y0, 0.2)
    x, y = scene.frame.at(window)
    corner, half_x, half_y = 0.042, 0.092, 0.078
    dx, dy = np.abs(x - x0) - half_x + corner, np.abs(y - y0) - half_y + corner
    depth = (
        corner - np.hypot(np.clip(dx, 0, None), np.clip(dy, 0, None)) - np.clip(np.maximum(dx, dy), None, 0)
    )
    can = smooth_step(depth, max(0.006, 0.7 * scene.frame.pixel))
    header = smooth_step(0.028 - np.abs(y - y0 + half_y - 0.02), 0.006) * smooth_step(
        0.06 - np.abs(x - x0), 0.01
    )
    strength = (0.6 + 0.4 * drawing.contrast) * (0.85 + 0.25 * drawing.severity)
    drawing.add(strength * (0.85 * can - 0.12 * header * can), window)
    leads = _leads(drawing, (x0, y0 - half_y), sign)
    drawing.add(strength * 0.45 * leads)
    return (drawing.full(can, window) > 0.5) | thick_mask(scene, leads, 1.2)


def _leads(drawing: Drawing, start: tuple[float, float], sign: int) -> Array:
    """Atrial and ventricular lead; the severity moves nothing, it only thickens them a little."""
    x0, x1, y0, _ = superior_caval_vein(drawing.scene.anatomy)
    vein, turn = (x0 + x1) / 2, drawing.scene.anatomy.turn
    inlet = [start, (start[0] - 0.10 * sign, start[1] - 0.10), (sign * 0.25, -0.53), (0.05 * sign, -0.44)]
    inlet = [*inlet, (vein + 0.01, y0 + 0.05), (vein, -0.06)]
    floor = min(drawing.scene.anatomy.left.dome - 0.06, 0.37)
    ventricle = [*inlet, (vein + 0.005, 0.17), (turn + 0.05, floor - 0.03), (turn + 0.26, floor)]
    atrium = [*inlet, (vein - 0.005, 0.13), (vein + 0.03, 0.17), (vein + 0.02, 0.10)]
    curves = [smooth_curve(path, 72) for path in (ventricle, atrium)]
    x, y = (np.concatenate([curve[axis] for curve in curves]) for axis in (0, 1))
    return np.minimum(ribbon(drawing.scene.frame, x, y, 0.0065 + 0.0015 * drawing.severity), 1.2)


def draw_endotracheal_tube(drawing: Drawing) -> BoolMask:
    """A tube in the trachea, its opaque stripe and its tip a few centimetres above the carina."""
    scene = drawing.scene
    carina = carina_point(scene.anatomy)
    tip = carina[1] - 0.10 - 0.16 * float(drawing.rng.random())
    y = np.linspace(-1.3, tip, 40, dtype=np.float32)[None]
    x = trachea_x(scene.anatomy, y) + 0.006 * np.sin(4.0 * y)
    walls = ribbon(scene.frame, np.concatenate([x - 0.020, x + 0.020]), np.concatenate([y, y]), 0.0065)
    stripe = ribbon(scene.frame, x + 0.008, y, 0.006)
    strength = (0.6 + 0.4 * drawing.contrast) * (0.75 + 0.5 * drawing.severity)
    drawing.add(strength * (0.16 * walls + 0.30 * stripe))
    inside = (np.abs(scene.frame.x - trachea_x(scene.anatomy, scene.frame.y)) < 0.034) & (scene.frame.y < tip)
    return inside & (scene.frame.y < CARINA_Y)


def draw_central_line(drawing: Drawing) -> BoolMask:
    """A central venous catheter from the neck or the arm, its tip in the planned region."""
    scene, rng = drawing.scene, drawing.rng
    x0, x1, y0, y1 = superior_caval_vein(scene.anatomy)
    vein = (x0 + x1) / 2
    tips = {
        "svc": (vein, y1 - 0.06 - 0.06 * float(rng.random())),
        "cavoatrial junction": cavoatrial_junction(scene.anatomy),
        "right atrium": (scene.anatomy.turn - 0.10, 0.16),
    }
    tip = tips[drawing.planned.region]
    entries = {
        "jugular": [(-0.17, -1.15), (-0.16, -0.85), (-0.13, -0.62), (vein, y0 - 0.02)],
        "right arm": [
            (-1.02, 0.05),
            (-0.86, -0.30),
            (-0.62, -0.49),
            (-0.36, -0.53),
            (-0.18, -0.48),
            (vein, y0),
        ],
        "left arm": [
            (1.02, 0.05),
            (0.86, -0.30),
            (0.62, -0.49),
            (0.36, -0.53),
            (0.10, -0.46),
            (vein, y0 + 0.03),
        ],
    }
    entry = entries[str(rng.choice(["jugular", "jugular", "right arm", "left arm"]))]
    x, y = smooth_curve([*entry, (vein, (y0 + tip[1]) / 2), tip], 72)
    wire = np.minimum(ribbon(scene.frame, x, y, 0.0068), 1.2)
    drawing.add((0.6 + 0.4 * drawing.contrast) * (0.26 + 0.26 * drawing.severity) * wire)
    return thick_mask(scene, wire, 1.2)
