"""MApLe Lab: learn and prototype anatomy-aware medical vision-language pre-training.

Everything public is reachable from here and imported when it is first used, so that
``import maple_lib`` stays quick. For research and teaching only; not a medical device.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "parse": "maple_lib.reports",
    "parse_many": "maple_lib.reports",
    "read_image": "maple_lib.data.read",
    "phantom": "maple_lib.data.phantoms",
    "load_studies": "maple_lib.data.sources",
    "list_methods": "maple_lib.methods",
    "create_method": "maple_lib.methods",
    "load_method": "maple_lib.methods",
    "train": "maple_lib.training",
    "evaluate": "maple_lib.evaluation",
    "CaseIndex": "maple_lib.retrieval",
}
_ROOMS = (
    "vocabulary",
    "reports",
    "anatomy",
    "data",
    "encoders",
    "losses",
    "methods",
    "training",
    "evaluation",
    "retrieval",
    "viz",
)

__all__ = ["MapleError", "__version__", *_PUBLIC, *_ROOMS]


def __getattr__(name: str) -> Any:
    """Import a public name or a room the first time it is asked for."""
    if name == "MapleError":
        from maple_lib.errors import MapleError

        return MapleError
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"maple_lib.{name}")
    raise AttributeError(f"module 'maple_lib' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
