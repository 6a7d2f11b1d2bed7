"""Findings that change the patient: an enlarged heart, a raised dome, overinflated lungs, a broken bone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.lesions_dense import choose_rib_break, clavicle_step
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.data.phantoms.ribs import RibBreak
from maple_lib.data.phantoms.scene import Breaks


def change_anatomy(anatomy: Anatomy, plan: Sequence[PlannedFinding], contrast: float) -> Anatomy:
    """The patient with the findings of a plan that alter shapes; ``contrast`` scales how much."""
    for planned in plan:
        amount = contrast * planned.severity
        side = "right" if planned.region.startswith("right ") else "left"
        if planned.finding == "cardiomegaly":
            anatomy = replace(
                anatomy, heart_size=anatomy.heart_size * (1.0 + 0.12 * contrast + 0.24 * amount)
            )
        elif planned.finding == "elevated hemidiaphragm":
            anatomy = _move_dome(anatomy, side, -(0.07 * contrast + 0.13 * amount), 1.0)
        elif planned.finding == "hyperinflation":
            anatomy = _move_dome(
                anatomy, side, 0.03 * contrast + 0.09 * amount, 1.0 - 0.25 * contrast - 0.40 * amount
            )
            anatomy = replace(anatomy, heart_size=anatomy.heart_size * (1.0 - 0.04 * amount))
    return anatomy


def _move_dome(anatomy: Anatomy, name: str, down: float, flatten: float) -> Anatomy:
    old = anatomy.side(name)
    new = replace(old, dome=old.dome + down, flatness=old.flatness * max(flatten, 0.3))
    return replace(anatomy, right=new) if name == "right" else replace(anatomy, left=new)


def plan_breaks(
    plan: Sequence[PlannedFinding], stream: Callable[[PlannedFinding], np.random.Generator], contrast: float
) -> Breaks:
    """The fractures of a plan; ``stream`` gives each finding's own random numbers."""
    ribs: dict[str, RibBreak] = {}
    clavicles: dict[str, float] = {}
    for planned in plan:
        if planned.finding != "fracture":
            continue
        side, _, bone = planned.region.partition(" ")
        if bone == "clavicle":
            clavicles[side] = clavicle_step(planned.severity, contrast)
        else:
            ribs[side] = choose_rib_break(stream(planned), planned.severity, contrast)
    return Breaks(ribs, clavicles)
