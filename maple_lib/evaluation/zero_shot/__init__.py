"""Zero-shot classification: findings named by sentences alone, with no label seen in training."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "PromptEnsemble": "prompts",
    "prompt_ensemble": "prompts",
    "list_prompt_ensembles": "prompts",
    "ZeroShotProtocol": "protocol",
    "CodebookProtocol": "protocol",
    "prompt_scores": "scoring",
    "label_matrix": "labels",
    "binary_metrics": "rates",
    "best_threshold": "rates",
    "ZeroShotResult": "result",
    "MulticlassResult": "multiclass",
    "evaluate_zero_shot": "evaluating",
    "evaluate_codebook": "codebook",
}

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
