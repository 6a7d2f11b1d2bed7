"""Training: one configuration, one loop, checkpoints that are whole or absent."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "TrainConfig": "maple_lib.training.config",
    "train_config": "maple_lib.training.config",
    "train": "maple_lib.training.run",
    "read_log": "maple_lib.training.log",
}
__all__ = ["TrainConfig", "read_log", "train", "train_config"]


def __getattr__(name: str) -> Any:
    """Import torch and accelerate only when training is used."""
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
