"""Figures in one style: the same colour for the same region, scale and units, words for who cannot see.

Every function gives a matplotlib ``Figure`` of its own; ``show(fig)`` displays it in a notebook,
``save(fig, path)`` writes it, ``figure_html(fig)`` puts it into a page.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "ablation_figure": "maple_lib.viz.ablation",
    "boxes_figure": "maple_lib.viz.boxes",
    "doctor_pictures": "maple_lib.viz.doctor_page",
    "grounding_panel": "maple_lib.viz.grounding",
    "heat_figure": "maple_lib.viz.heat",
    "Grounded": "maple_lib.viz.heat",
    "image_figure": "maple_lib.viz.anatomy",
    "lesions_figure": "maple_lib.viz.anatomy",
    "regions_figure": "maple_lib.viz.anatomy",
    "loss_figure": "maple_lib.viz.losses",
    "LiveLosses": "maple_lib.viz.live",
    "leaderboard_figure": "maple_lib.viz.leaderboard",
    "outline_sheet": "maple_lib.viz.outlines",
    "write_doctor_page": "maple_lib.viz.doctor_page",
    "metrics_figure": "maple_lib.viz.metrics",
    "phantom_sheet": "maple_lib.viz.sheet",
    "report_html": "maple_lib.viz.report",
    "report_explorer": "maple_lib.viz.explorer_reports",
    "body_map_figure": "maple_lib.viz.body_map",
    "body_map_svg": "maple_lib.viz.body_svg",
    "states_figure": "maple_lib.viz.states",
    "staircase_figure": "maple_lib.viz.staircase",
    "retrieval_figure": "maple_lib.viz.retrieval",
    "window_figure": "maple_lib.viz.window",
    "walk_figure": "maple_lib.viz.walk",
    "region_color": "maple_lib.viz.palette",
    "figure_html": "maple_lib.viz.saving",
    "save": "maple_lib.viz.saving",
    "show": "maple_lib.viz.saving",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import a figure, and matplotlib with it, when it is first asked for."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
