"""Leaderboard: methods and variants of them trained under one budget, scored by one scorecard."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "Board": "board",
    "Entry": "entry",
    "ABLATIONS": "ablations",
    "ablation_entries": "ablations",
    "list_ablations": "ablations",
    "Settings": "settings",
    "ChangedStudies": "changes",
    "run_entries": "running",
    "run_leaderboard": "running",
}
__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    """Import a part of this room, and torch with it, when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
