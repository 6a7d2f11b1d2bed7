"""What every lesion is drawn with: the scene, its plan, its own random stream, a place in its region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import FULL
from maple_lib.data.phantoms.filters import blur, enlarge
from maple_lib.data.phantoms.geometry import Array, Window
from maple_lib.data.phantoms.lungs import LungField
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.data.phantoms.regions import zone_limits
from maple_lib.data.phantoms.scene import Scene

BoolMask = NDArray[np.bool_]
CONTRAST = {"easy": 1.35, "realistic": 1.0, "hard": 0.66}
EXTENT = {"easy": 1.22, "realistic": 1.0, "hard": 0.78}
CANDIDATES = 160


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One lesion to draw.

    Attributes:
        scene: the chest drawn so far.
        planned: what to draw, where, how severe.
        rng: a stream that depends on the patient, the finding and its region only, so that the lesion stays
            where it is when its severity or its company changes.
        contrast, extent: factors of the difficulty.
        healthy: the patient as it would be without findings.
    """

    scene: Scene
    planned: PlannedFinding
    rng: np.random.Generator
    contrast: float
    extent: float
    healthy: Anatomy

    @property
    def severity(self) -> float:
        """In [0, 1]."""
        return self.planned.severity

    @property
    def side(self) -> str:
        """``"right"`` or ``"left"``; the left for regions in the midline."""
        return "right" if self.planned.region.startswith("right ") else "left"

    @property
    def lung(self) -> LungField:
        """The lung of that side."""
        return self.scene.lungs[self.side]

    @property
    def zone(self) -> str:
        """The region's name without its side, e.g. ``"upper lung zone"``."""
        return self.planned.region.partition(" ")[2]

    def add(self, values: Array, window: Window = FULL) -> None:
        """Add attenuation under the finding's name."""
        self.scene.canvas.add(self.planned.finding, values, window)

    def fill(self, share: Array, window: Window = FULL) -> None:
        """Replace a share in [0, 1] of the lung's air by fluid; what is filled cannot be filled again."""
        air = self.scene.air[window]
        filled = air * np.clip(share, 0.0, 1.0)
        self.add(filled, window)
        self.scene.air[window] = air - filled

    def full(self, values: Array, window: Window) -> Array:
        """A windowed field on the whole image, 0 elsewhere."""
        return self.scene.frame.spread(values, window)


def clearance(drawing: Drawing, x: Array, y: Array) -> Array:
    """Distance of points from the border of the planned lung zone, negative outside; patient units."""
    scene, lung = drawing.scene, drawing.lung
    columns, rows = scene.frame.to_pixels(x, y)
    index = (
        np.clip(rows.astype(np.int32), 0, scene.frame.size - 1),
        np.clip(columns.astype(np.int32), 0, scene.frame.size - 1),
    )
    top, bottom = zone_limits(scene.anatomy, lung, drawing.zone)
    room = np.minimum(np.minimum(lung.wall[index], lung.medial[index]), lung.dome[index])
    room = np.minimum(
        room, np.minimum(-scene.mediastinum.heart_depth[index], -scene.mediastinum.band_depth[index])
    )
    return np.minimum(room, np.minimum(y - top, bottom - y))


def pick_place(drawing: Drawing, room: float) -> tuple[float, float]:
    """A random point of the planned lung zone with ``room`` around it, or else the roomiest one found."""
    scene, sign = drawing.scene, drawing.lung.sign
    top, bottom = zone_limits(scene.anatomy, drawing.lung, drawing.zone)
    x = sign * drawing.rng.uniform(0.10, scene.anatomy.lung_width, CANDIDATES)
    y = drawing.rng.uniform(top, bottom, CANDIDATES)
    free = clearance(drawing, x.astype(np.float32), y.astype(np.float32))
    best = int(np.argmax(free >= room)) if bool((free >= room).any()) else int(np.argmax(free))
    return float(x[best]), float(y[best])


def local_noise(rng: np.random.Generator, shape: tuple[int, ...], cells: int) -> Array:
    """Smooth noise over a window, about unit variance; the draws do not depend on its shape."""
    return enlarge(rng.standard_normal((cells, cells), dtype=np.float32), (shape[0], shape[1]))


def thick_mask(scene: Scene, curves: Array, reach_mm: float, threshold: float = 0.12) -> BoolMask:
    """A mask around thin curves: what a reader would circle, ``reach_mm`` to each side of them."""
    sigma = min(max(reach_mm / scene.frame.spacing_mm / 1.5, 0.5), 4.0)
    return blur(np.minimum(curves, 1.0), sigma) > threshold / max(1.0, sigma)
