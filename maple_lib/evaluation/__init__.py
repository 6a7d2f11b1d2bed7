"""Evaluation: named protocols, grounding metrics with their floors, retrieval, parsing."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "evaluate": "run",
    "similarity_maps": "ground",
    "heat_maps": "frame",
    "GroundingQuery": "queries",
    "build_queries": "queries",
    "truth_mask": "queries",
    "region_mask": "queries",
    "GroundingResult": "result",
    "Result": "result",
    "MeanLesion": "floors",
    "Protocol": "protocols",
    "GroundingProtocol": "protocols",
    "protocol": "protocols",
    "list_protocols": "protocols",
    "bootstrap_interval": "bootstrap",
    "rank_metrics": "ranking",
    "chance_metrics": "ranking",
    "score_retrieval": "retrieval",
    "score_location_retrieval": "location",
    "score_triplets": "parsing",
}
_MODULES = ("grounding", "floors")

__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
