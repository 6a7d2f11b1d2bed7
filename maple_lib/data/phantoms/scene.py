"""The healthy chest: all structures drawn in order, and the fields that regions and lesions are placed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from maple_lib.data.phantoms.abdomen import draw_abdomen
from maple_lib.data.phantoms.airways import draw_airways
from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.body import draw_body
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.filters import smooth_noise
from maple_lib.data.phantoms.geometry import SIDES, Array, Frame
from maple_lib.data.phantoms.heart import Mediastinum, build_mediastinum, draw_mediastinum
from maple_lib.data.phantoms.imaging import texture
from maple_lib.data.phantoms.lungs import LungField, build_lungs, draw_lungs
from maple_lib.data.phantoms.ribs import RibBreak, draw_ribs
from maple_lib.data.phantoms.shoulders import draw_clavicle, draw_humerus, draw_scapula, draw_scapular_ridges
from maple_lib.data.phantoms.spine import draw_spine
from maple_lib.data.phantoms.vessels import draw_hila, vessel_shadow


@dataclass(frozen=True, slots=True)
class Breaks:
    """Fractures to draw into the skeleton: ribs by side, and steps of the clavicles by side."""

    ribs: Mapping[str, RibBreak] = field(default_factory=dict)
    clavicles: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What has been drawn of the healthy chest; arrays are (size, size).

    Attributes:
        canvas: the attenuation so far.
        anatomy: the patient.
        lungs: the lung fields by side.
        mediastinum: heart, aortic arch and mediastinal band.
        air: attenuation that the lungs' air takes away; lesions that fill it with fluid use it up.
        open_lung: 1 where lung is seen free of heart and mediastinum, 0 elsewhere.
        markings: attenuation of the visible vessels and of the lung's texture.
        silhouette, spine, trachea: covers in [0, 1].
        clavicles: covers by side.
    """

    canvas: Canvas
    anatomy: Anatomy
    lungs: Mapping[str, LungField]
    mediastinum: Mediastinum
    air: Array
    open_lung: Array
    markings: Array
    silhouette: Array
    spine: Array
    trachea: Array
    clavicles: Mapping[str, Array]

    @property
    def frame(self) -> Frame:
        """The patient's frame."""
        return self.canvas.frame


def draw_healthy_chest(canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator, breaks: Breaks) -> Scene:
    """Lay down every structure of a chest without lung lesions, from the skin inwards."""
    frame = canvas.frame
    silhouette = draw_body(canvas, anatomy)
    lungs = build_lungs(frame, anatomy)
    mediastinum = build_mediastinum(frame, anatomy)
    air = draw_lungs(canvas, anatomy, lungs)
    draw_abdomen(canvas, anatomy, lungs["left"], lungs["right"])
    draw_mediastinum(canvas, anatomy, mediastinum, air)
    cover = lungs["right"].cover + lungs["left"].cover
    solid = np.maximum(np.maximum(mediastinum.heart, mediastinum.band), mediastinum.knob)
    open_lung = cover * (1.0 - solid)
    markings = _draw_markings(canvas, anatomy, rng, cover, mediastinum)
    draw_hila(canvas, anatomy, cover)
    trachea = draw_airways(canvas, anatomy)
    spine = draw_spine(canvas, anatomy)
    draw_ribs(canvas, anatomy, breaks.ribs, (1.0 - 0.35 * solid) * (0.45 + 0.55 * cover))
    clavicles = {
        name: draw_clavicle(canvas, anatomy, name, breaks.clavicles.get(name, 0.0)) for name in SIDES
    }
    for name in SIDES:
        draw_scapula(canvas, anatomy, name)
        draw_humerus(canvas, anatomy, name)
    draw_scapular_ridges(canvas, anatomy)
    canvas.add("soft tissue", 0.035 * smooth_noise(rng, frame.size, 4) * silhouette)
    return Scene(
        canvas, anatomy, lungs, mediastinum, air, open_lung, markings, silhouette, spine, trachea, clavicles
    )


def _draw_markings(
    canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator, cover: Array, mediastinum: Mediastinum
) -> Array:
    """Vessels, fainter through heart and mediastinum, and the interstitial texture."""
    seen = cover * (1.0 - 0.75 * np.maximum(mediastinum.heart, mediastinum.band))
    vessels = vessel_shadow(canvas.frame, anatomy, rng) * seen
    grain = 0.018 * texture(rng, canvas.frame.size) * seen
    canvas.add("vessels", vessels)
    canvas.add("texture", grain)
    return vessels + grain
