"""Robustness: what is left of the maps when the greys, the sides, the words or a "no" change."""

from __future__ import annotations

import importlib
from typing import Any

# No module is called like one of these names: importing it would put the module in the name's place.
_WHERE = {
    "RobustnessProtocol": "protocol",
    "RobustnessResult": "outcome",
    "evaluate_robustness": "evaluating",
    "laterality": "evaluating",
    "negation": "evaluating",
    "perturb": "perturbation",
}

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
