"""What a frozen image encoder knows of outlines: a small decoder draws lesions or regions from it."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "SegmentationProtocol": "protocols",
    "SegmentationResult": "result",
    "dice_scores": "dice",
    "evaluate_segmentation": "evaluating",
    "focal_dice_loss": "loss",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
