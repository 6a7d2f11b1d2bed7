"""What the numbers of the diagnostics depend on."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.evaluation.zero_shot.protocol import PromptedProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationProtocol(PromptedProtocol):
    """How probabilities are made and judged.

    Attributes:
        temperature: of the softmax over present and absent, before any is fitted; None for the one that the
            method was trained with (``method.config.temperature``).
        bins: of the reliability table.
    """

    temperature: float | None = None
    bins: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutProtocol(PromptedProtocol):
    """How a shortcut is looked for: the prompts that ask for the finding."""
