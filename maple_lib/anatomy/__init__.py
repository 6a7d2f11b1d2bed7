"""Anatomy: where masks of regions come from, and what becomes of them on the patch grid.

Sources (a segmenter, an atlas) say which regions an image shows, how sure they are, and what they do not see;
masks and boxes become weights on an encoder's grid, and pool its patches to region embeddings.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.anatomy.atlas import Atlas as Atlas
    from maple_lib.anatomy.atlas import load_atlas as load_atlas
    from maple_lib.anatomy.cells import sample_cells as sample_cells
    from maple_lib.anatomy.experts import RegionExperts as RegionExperts
    from maple_lib.anatomy.film import RegionFiLM as RegionFiLM
    from maple_lib.anatomy.grid import boxes_to_grid as boxes_to_grid
    from maple_lib.anatomy.grid import masks_to_grid as masks_to_grid
    from maple_lib.anatomy.patches import extract_patches as extract_patches
    from maple_lib.anatomy.pool import mask_pool as mask_pool
    from maple_lib.anatomy.region_tokens import RegionTokens as RegionTokens
    from maple_lib.anatomy.roi import box_pool as box_pool
    from maple_lib.anatomy.segmenter import Segmenter as Segmenter
    from maple_lib.anatomy.segmenter import load_segmenter as load_segmenter
    from maple_lib.anatomy.skeleton import skeleton_centres as skeleton_centres
    from maple_lib.anatomy.source import AnatomySource as AnatomySource
    from maple_lib.anatomy.source import RegionEstimate as RegionEstimate
    from maple_lib.anatomy.sources import anatomy_source as anatomy_source
    from maple_lib.anatomy.sources import list_anatomy_sources as list_anatomy_sources

_WHERE = {
    "AnatomySource": "source",
    "Atlas": "atlas",
    "RegionEstimate": "source",
    "RegionExperts": "experts",
    "RegionFiLM": "film",
    "RegionTokens": "region_tokens",
    "Segmenter": "segmenter",
    "anatomy_source": "sources",
    "box_pool": "roi",
    "boxes_to_grid": "grid",
    "extract_patches": "patches",
    "list_anatomy_sources": "sources",
    "load_atlas": "atlas",
    "load_segmenter": "segmenter",
    "mask_pool": "pool",
    "masks_to_grid": "grid",
    "sample_cells": "cells",
    "skeleton_centres": "skeleton",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import torch only when a function of this room is used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"maple_lib.anatomy.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
