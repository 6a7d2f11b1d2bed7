"""Evaluation: named protocols, grounding metrics with their floors, retrieval, parsing."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "evaluate": "run",
    "scorecard": "card",  # no module has this name: importing it would put it in the function's place
    "Scorecard": "card",
    "similarity_maps": "ground",
    "heat_maps": "frame",
    "GroundingQuery": "queries",
    "build_queries": "queries",
    "truth_mask": "queries",
    "region_mask": "queries",
    "GroundingResult": "ground_result",
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
    "score_location_retrieval": "location_scores",
    "LabelRetrievalProtocol": "label_retrieval",
    "score_triplets": "parsing",
    "RobustnessResult": "robustness.outcome",
    "ZeroShotProtocol": "zero_shot.protocol",
    "ZeroShotResult": "zero_shot.result",
    "PromptEnsemble": "zero_shot.prompts",
    "prompt_ensemble": "zero_shot.prompts",
    "list_prompt_ensembles": "zero_shot.prompts",
    "prompt_scores": "zero_shot.scoring",
    "binary_metrics": "zero_shot.rates",
    "shortcut_studies": "diagnostics.shortcut_studies",
    "evaluate_shortcut": "diagnostics.shortcut",
    "reliability_table": "diagnostics.reliability",
    "ProbeProtocol": "probe.protocols",
    "FineTuneProtocol": "probe.protocols",
    "ProbeResult": "probe.result",
    "SegmentationProtocol": "segmentation.protocols",
    "SegmentationResult": "segmentation.result",
}
_MODULES = ("grounding", "floors", "robustness")

__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
