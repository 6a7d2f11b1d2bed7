"""What a zero-shot number depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import Protocol

Averaging = Literal["mean_embedding", "max", "mean_similarity"]
Unsaid = Literal["absent", "unknown"]
Threshold = Literal["validation", "oracle_threshold"]
AVERAGINGS: tuple[Averaging, ...] = ("mean_embedding", "max", "mean_similarity")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptedProtocol(Protocol):
    """What every protocol with prompts says.

    Attributes:
        prompts: an ensemble of ``prompts.yaml``.
        averaging: ``"mean_embedding"`` (the mean of the sentences' embeddings, brought to unit norm),
            ``"max"`` or ``"mean_similarity"`` of the sentences' similarities.
        unsaid: what a finding means that a study's labels do not name: ``"absent"`` (phantoms, whose labels
            are complete) or ``"unknown"``, which is left out as uncertain ones are.
        minimum: positives, and negatives, that a finding needs before it is scored.
        regions: whether the image is encoded with its anatomy.
        bootstrap: number of resamples of the 95 % intervals.
    """

    prompts: str
    averaging: Averaging = "mean_embedding"
    unsaid: Unsaid = "unknown"
    minimum: int = 1
    regions: bool = False
    bootstrap: int = 1000

    def __post_init__(self) -> None:
        check_choice(self.name, "averaging", self.averaging, AVERAGINGS)
        check_choice(self.name, "unsaid", self.unsaid, ("absent", "unknown"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroShotProtocol(PromptedProtocol):
    """How findings are told by sentences.

    Attributes:
        kind: ``"binary"``: every finding by itself, its score the similarity to the sentences that say it
            minus that to those that deny it; ``"multiclass"``: which of the findings it is, among studies
            that show exactly one of them.
        threshold: above which score a finding counts as found: the best one on ``"validation"`` studies, or
            the best one on the very studies that are scored, ``"oracle_threshold"``.
        maximise: what the best threshold is best at: ``"f1"`` or ``"one_point_auc"`` (Youden's).
        not_learned_below: findings of a lower AUC are named as not learned.
        prompts_per_class: sentences drawn for each class; None for all.
        z_score: whether each class's similarities are brought to mean 0 and deviation 1 over the images.
        per_class: studies of each class, at most; None for all.
    """

    kind: Literal["binary", "multiclass"] = "binary"
    threshold: Threshold = "validation"
    maximise: Literal["f1", "one_point_auc"] = "f1"
    not_learned_below: float = 0.6
    prompts_per_class: int | None = None
    z_score: bool = False
    per_class: int | None = None

    def __post_init__(self) -> None:
        PromptedProtocol.__post_init__(self)
        check_choice(self.name, "kind", self.kind, ("binary", "multiclass"))
        check_choice(self.name, "threshold", self.threshold, ("validation", "oracle_threshold"))
        check_choice(self.name, "maximise", self.maximise, ("f1", "one_point_auc"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodebookProtocol(Protocol):
    """Findings told by the nearest sentence of a method's own codebook; fields as of ``PromptedProtocol``."""

    unsaid: Unsaid = "unknown"
    minimum: int = 1
    not_learned_below: float = 0.6
    bootstrap: int = 1000

    def __post_init__(self) -> None:
        check_choice(self.name, "unsaid", self.unsaid, ("absent", "unknown"))


def check_choice(name: str, field: str, value: str, allowed: Sequence[str]) -> None:
    """Raise a MapleError unless a field of protocol ``name`` has one of its values."""
    if value not in allowed:
        raise MapleError(f"protocol {name!r}", f"{field}={value!r}", f"use {', '.join(allowed)}")
