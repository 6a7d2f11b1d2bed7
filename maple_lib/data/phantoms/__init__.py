"""Phantoms: chest radiographs drawn from a seed, with exact anatomy, lesions and reports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.data.phantoms.chest import Rendered, render_chest
    from maple_lib.data.phantoms.choices import PLACES
    from maple_lib.data.phantoms.plan import sample_plan
    from maple_lib.data.phantoms.planned import PlannedFinding
    from maple_lib.data.phantoms.studies import phantom, phantom_studies

_HOMES = {
    "PLACES": "choices",
    "PlannedFinding": "planned",
    "Rendered": "chest",
    "phantom": "studies",
    "phantom_studies": "studies",
    "render_chest": "chest",
    "sample_plan": "plan",
}
__all__ = [
    "PLACES",
    "PlannedFinding",
    "Rendered",
    "phantom",
    "phantom_studies",
    "render_chest",
    "sample_plan",
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
