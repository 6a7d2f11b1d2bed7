"""The 29 anatomical regions of a phantom, as exact masks.

Lungs and their zones are the aerated fields one sees, free of heart and mediastinum; the apical zone is the
top of the upper zone; the mediastinum holds the heart and the great vessels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.phantoms.airways import carina_point
from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.geometry import SIDES, Array, ellipse
from maple_lib.data.phantoms.lungs import LungField
from maple_lib.data.phantoms.scene import Scene
from maple_lib.data.phantoms.vessels import hilum

BoolMask = NDArray[np.bool_]
ZONES = {"apical zone": (0.0, 0.17), "upper lung zone": (0.0, 0.40), "mid lung zone": (0.40, 0.68)}
ZONES["lower lung zone"] = (0.68, 1.2)


def zone_limits(anatomy: Anatomy, lung: LungField, zone: str) -> tuple[float, float]:
    """Top and bottom y of a lung zone, between the apex and the costophrenic angle."""
    height = lung.base - anatomy.apex
    top, bottom = ZONES[zone]
    return anatomy.apex + top * height, anatomy.apex + bottom * height


def superior_caval_vein(anatomy: Anatomy) -> tuple[float, float, float, float]:
    """x0, x1, y0, y1 of the vein along the right mediastinal border."""
    return anatomy.turn - 0.155, anatomy.turn - 0.062, -0.36, -0.02


def cavoatrial_junction(anatomy: Anatomy) -> tuple[float, float]:
    """Where the superior caval vein opens into the right atrium."""
    return anatomy.turn - 0.115, 0.01


def region_masks(scene: Scene) -> dict[str, BoolMask]:
    """All 29 regions of the vocabulary as (size, size) masks, in the vocabulary's order."""
    from maple_lib.vocabulary import REGIONS

    masks: dict[str, BoolMask] = {}
    for name in SIDES:
        masks.update(_lung_regions(scene, name))
    masks.update(_midline_regions(scene))
    return {name: masks[name] for name in REGIONS}


def _lung_regions(scene: Scene, name: str) -> dict[str, BoolMask]:
    frame, lung, anatomy = scene.frame, scene.lungs[name], scene.anatomy
    field = (lung.cover > 0.5) & (scene.open_lung > 0.5)
    masks = {f"{name} lung": field}
    for zone in ZONES:
        top, bottom = zone_limits(anatomy, lung, zone)
        masks[f"{name} {zone}"] = field & (frame.y >= top) & (frame.y < bottom)
    x0, y0 = hilum(anatomy, name)
    near_hilum = ellipse(frame.x, frame.y, (x0 + 0.02 * lung.sign, y0 + 0.02), (0.105, 0.150)) < 1.0
    masks[f"{name} hilar structures"] = near_hilum & (lung.u > 0.055)
    angle = (lung.sign * (anatomy.lung_width - 0.095), lung.base - 0.10)
    masks[f"{name} costophrenic angle"] = (ellipse(frame.x, frame.y, angle, (0.14, 0.16)) < 1.0) & (
        lung.wall > -0.015
    )
    masks[f"{name} hemidiaphragm"] = (np.abs(lung.dome) < 0.042) & (lung.u > 0.10) & (lung.wall > -0.005)
    masks[f"{name} clavicle"] = scene.clavicles[name] > 0.4
    return masks


def _midline_regions(scene: Scene) -> dict[str, BoolMask]:
    frame, anatomy, parts = scene.frame, scene.anatomy, scene.mediastinum
    heart, arch = parts.heart > 0.5, parts.knob > 0.5
    above_dome = (scene.lungs["right"].dome > -0.03) | (scene.lungs["left"].dome > -0.03)
    inlet = frame.y > anatomy.apex - 0.06
    band = (parts.band > 0.5) & inlet
    mediastinum = (band | arch | heart) & above_dome
    carina = carina_point(anatomy)
    x0, x1, y0, y1 = superior_caval_vein(anatomy)
    atrium = ellipse(frame.x, frame.y, (anatomy.turn - 0.085, 0.17), (0.115, 0.165)) < 1.0
    return {
        "trachea": scene.trachea > 0.5,
        "spine": scene.spine > 0.5,
        "aortic arch": arch,
        "mediastinum": mediastinum,
        "upper mediastinum": (band | arch) & (frame.y < carina[1] - 0.01),
        "svc": (frame.x > x0) & (frame.x < x1) & (frame.y > y0) & (frame.y < y1),
        "cardiac silhouette": heart & above_dome,
        "cavoatrial junction": ellipse(frame.x, frame.y, cavoatrial_junction(anatomy), (0.058, 0.050)) < 1.0,
        "right atrium": atrium & heart,
        "carina": ellipse(frame.x, frame.y, (carina[0], carina[1] + 0.02), (0.085, 0.065)) < 1.0,
        "abdomen": _below_diaphragm(scene),
    }


def _below_diaphragm(scene: Scene) -> BoolMask:
    """The trunk below both domes; between them, below a line across the midline."""
    frame, lungs = scene.frame, scene.lungs
    right, left = lungs["right"], lungs["left"]
    edge: Array = np.where(
        frame.x < 0, np.minimum(right.dome_y, right.base + 0.02), np.minimum(left.dome_y, left.base + 0.02)
    )
    return (frame.y > edge) & (scene.silhouette > 0.5) & (right.cover + left.cover < 0.5)
