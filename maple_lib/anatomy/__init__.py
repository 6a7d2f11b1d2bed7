"""Anatomy: region masks and boxes on the patch grid, and region embeddings pooled from patches."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "masks_to_grid": "maple_lib.anatomy.grid",
    "boxes_to_grid": "maple_lib.anatomy.grid",
    "mask_pool": "maple_lib.anatomy.pool",
}
__all__ = ["boxes_to_grid", "mask_pool", "masks_to_grid"]


def __getattr__(name: str) -> Any:
    """Import torch only when a function of this room is used."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
