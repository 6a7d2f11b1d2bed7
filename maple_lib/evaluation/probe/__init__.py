"""What a method's image encoder has learnt: findings by one linear layer on it, or by training it further."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "FineTuneProtocol": "protocols",
    "ProbeProtocol": "protocols",
    "ProbeResult": "result",
    "evaluate_fine_tune": "fine_tune",
    "evaluate_linear_probe": "linear",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
