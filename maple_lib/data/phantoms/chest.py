"""The chest phantom: a plan of findings and two random streams in, a radiograph with exact masks out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from maple_lib.data.phantoms.anatomy import sample_anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.changes import change_anatomy, plan_breaks
from maple_lib.data.phantoms.geometry import Array, Frame
from maple_lib.data.phantoms.imaging import develop, measure_grey_scale, sample_exposure
from maple_lib.data.phantoms.lesion_base import CONTRAST, EXTENT, BoolMask, Drawing
from maple_lib.data.phantoms.lesions_dense import (
    draw_calcification,
    draw_fracture,
    draw_hernia,
    mark_cardiomegaly,
    mark_elevated_hemidiaphragm,
)
from maple_lib.data.phantoms.lesions_devices import draw_central_line, draw_endotracheal_tube, draw_pacemaker
from maple_lib.data.phantoms.lesions_focal import draw_consolidation, draw_mass, draw_nodule, draw_opacity
from maple_lib.data.phantoms.lesions_linear import (
    draw_atelectasis,
    draw_edema,
    draw_scar,
    mark_hyperinflation,
)
from maple_lib.data.phantoms.lesions_pleura import draw_pleural_effusion, draw_pneumothorax
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.data.phantoms.regions import region_masks
from maple_lib.data.phantoms.scene import draw_healthy_chest
from maple_lib.data.study import Lesion

PAINTERS: dict[str, Callable[[Drawing], BoolMask]] = {
    "pneumothorax": draw_pneumothorax,  # first: it takes away the markings of healthy lung
    "opacity": draw_opacity,
    "consolidation": draw_consolidation,
    "nodule": draw_nodule,
    "mass": draw_mass,
    "pleural effusion": draw_pleural_effusion,
    "atelectasis": draw_atelectasis,
    "edema": draw_edema,
    "hyperinflation": mark_hyperinflation,
    "cardiomegaly": mark_cardiomegaly,
    "pacemaker": draw_pacemaker,
    "tube": draw_endotracheal_tube,
    "line": draw_central_line,
    "calcification": draw_calcification,
    "fracture": draw_fracture,
    "hernia": draw_hernia,
    "scar": draw_scar,
    "elevated hemidiaphragm": mark_elevated_hemidiaphragm,
}


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A drawn phantom.

    Attributes:
        pixels: (size, size) float32 in [0, 1], bone bright.
        regions: the 29 regions' (size, size) masks.
        lesions: one per planned finding, in the plan's order.
        spacing: (row, column) mm per pixel.
        view: ``"PA"`` or ``"AP"``.
        layers: structure -> (size, size) attenuation it adds, when asked for.
    """

    pixels: Array
    regions: Mapping[str, BoolMask]
    lesions: tuple[Lesion, ...]
    spacing: tuple[float, float]
    view: str
    layers: Mapping[str, Array] | None = None


def render_chest(
    plan: Sequence[PlannedFinding],
    size: int,
    anatomy_rng: np.random.Generator,
    pixel_rng: np.random.Generator,
    difficulty: str = "realistic",
    keep_layers: bool = False,
) -> Rendered:
    """Draw one chest.

    The same streams give the same patient and the same noise whatever the plan, so the difference of two
    renderings shows what a finding changed.

    Args:
        plan: findings to draw, as ``sample_plan`` gives them.
        size: pixels along one edge.
        anatomy_rng: stream of the patient.
        pixel_rng: stream of exposure and noise.
        difficulty: ``"easy"``, ``"realistic"`` or ``"hard"``: contrast and extent of lesions, variety, noise.
        keep_layers: also return what each structure adds to the attenuation.
    """
    lesion_key = int(anatomy_rng.integers(2**32))
    healthy = sample_anatomy(anatomy_rng, difficulty)
    contrast = CONTRAST[difficulty]
    anatomy = change_anatomy(healthy, plan, contrast)
    canvas = Canvas(Frame(size, anatomy.pose), keep_layers)
    breaks = plan_breaks(plan, lambda planned: _lesion_stream(lesion_key, planned), contrast)
    scene = draw_healthy_chest(canvas, anatomy, anatomy_rng, breaks)
    regions = region_masks(scene)
    scale = measure_grey_scale(canvas.attenuation, scene.open_lung > 0.5, regions["cardiac silhouette"])
    drawings = [
        Drawing(scene, planned, _lesion_stream(lesion_key, planned), contrast, EXTENT[difficulty], healthy)
        for planned in plan
    ]
    lesions = _draw_lesions(drawings)
    exposure = sample_exposure(pixel_rng, anatomy.view, difficulty)
    pixels = develop(scene.frame, canvas.attenuation, exposure, scale, pixel_rng)
    spacing = (scene.frame.spacing_mm, scene.frame.spacing_mm)
    return Rendered(pixels, regions, lesions, spacing, anatomy.view, canvas.layers)


def _lesion_stream(key: int, planned: PlannedFinding) -> np.random.Generator:
    """Random numbers of one lesion: they depend on the patient, the finding and its region only."""
    words = f"{planned.finding}@{planned.region}".encode()
    return np.random.default_rng([key, int.from_bytes(words, "big")])


def _draw_lesions(drawings: Sequence[Drawing]) -> tuple[Lesion, ...]:
    order = {finding: rank for rank, finding in enumerate(PAINTERS)}
    masks: dict[int, BoolMask] = {}
    for i in sorted(range(len(drawings)), key=lambda i: order[drawings[i].planned.finding]):
        masks[i] = PAINTERS[drawings[i].planned.finding](drawings[i])
    planned = [drawing.planned for drawing in drawings]
    return tuple(Lesion(p.finding, p.region, masks[i], p.severity) for i, p in enumerate(planned))
