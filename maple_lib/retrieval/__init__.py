"""Retrieval: an index of cases, searched by image, text, or one region of either."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {"CaseIndex": "index", "Hit": "hit", "Manifest": "manifest"}
__all__ = ["CaseIndex", "Hit", "Manifest"]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
