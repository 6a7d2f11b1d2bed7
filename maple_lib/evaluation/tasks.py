"""The tasks that a protocol can describe: for each its dataclass, and the function that evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from maple_lib.errors import MapleError

_ROOM = "maple_lib.evaluation"
# task -> (module:class of its protocol, module:function that is called as f(method, studies, protocol, ...))
TASKS: dict[str, tuple[str, str]] = {
    "grounding": ("protocols:GroundingProtocol", "ground:ground"),
    "retrieval": ("protocols:RetrievalProtocol", "retrieval:evaluate_retrieval"),
    "location_retrieval": ("protocols:LocationRetrievalProtocol", "location:evaluate_location_retrieval"),
    "label_retrieval": (
        "label_retrieval:LabelRetrievalProtocol",
        "label_retrieval:evaluate_label_retrieval",
    ),
    "parsing": ("protocols:ParsingProtocol", "parsing:evaluate_parsing"),
    "robustness": ("robustness.protocol:RobustnessProtocol", "robustness.evaluating:evaluate_robustness"),
    "linear_probe": ("probe.protocols:ProbeProtocol", "probe.linear:evaluate_linear_probe"),
    "fine_tune": ("probe.protocols:FineTuneProtocol", "probe.fine_tune:evaluate_fine_tune"),
    "zero_shot": ("zero_shot.protocol:ZeroShotProtocol", "zero_shot.evaluating:evaluate_zero_shot"),
    "codebook": ("zero_shot.protocol:CodebookProtocol", "zero_shot.codebook:evaluate_codebook"),
    "calibration": (
        "diagnostics.protocol:CalibrationProtocol",
        "diagnostics.calibration:evaluate_calibration",
    ),
    "shortcut": ("diagnostics.protocol:ShortcutProtocol", "diagnostics.shortcut:evaluate_shortcut"),
    "segmentation": (
        "segmentation.protocols:SegmentationProtocol",
        "segmentation.evaluating:evaluate_segmentation",
    ),
}


def protocol_class(name: str, task: str) -> type[Any]:
    """The dataclass of a task's protocols.

    Raises:
        MapleError: if there is no such task; the message names the protocol and lists the tasks.
    """
    if task not in TASKS:
        raise MapleError(f"protocol {name!r}", f"unknown task {task!r}", f"use {', '.join(TASKS)}")
    found: type[Any] = _load(TASKS[task][0])
    return found


def evaluator(task: str) -> Callable[..., Any]:
    """The function that evaluates a task."""
    found: Callable[..., Any] = _load(TASKS[task][1])
    return found


def _load(where: str) -> Any:
    module, name = where.split(":")
    return getattr(import_module(f"{_ROOM}.{module}"), name)
