"""Honest diagnostics: are the probabilities right, and does a method see the finding or its company?"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "CalibrationProtocol": "protocol",
    "CalibrationResult": "calibration_result",
    "evaluate_calibration": "calibration",
    "fit_temperature": "reliability",
    "reliability_table": "reliability",
    "ShortcutProtocol": "protocol",
    "ShortcutResult": "shortcut",
    "ShortcutStudies": "shortcut_studies",
    "evaluate_shortcut": "shortcut",
    "shortcut_studies": "shortcut_studies",
}

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
