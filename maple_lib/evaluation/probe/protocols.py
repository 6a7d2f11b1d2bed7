"""Protocols of the linear probe and of fine-tuning: labels, shares and the rule of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeProtocol(Protocol):
    """How a linear layer is trained on frozen features.

    Attributes:
        findings: what is predicted; none named: every finding that a training label calls present.
        unsaid: what a label that is not there means: ``"absent"``, or ``"unknown"``, which counts neither in
            the loss nor in the score.
        uncertain: what uncertain labels mean: ``"unknown"``, or ``"mapped"``: present for the findings of
            ``uncertain_present``, absent for all others.
        uncertain_present: see ``uncertain``.
        shares: per cent of the training patients whose labels are used, each in (0, 100].
        random_state: of the choice of these patients.
        validation_share: per cent of the training patients held out where no validation studies are given;
            they are the same for every share, and no share takes from them.
        standardise: whether each feature is brought to mean 0 and deviation 1 of the training studies.
        learning_rate: of AdamW, for the linear layer.
        weight_decay: of AdamW.
        batch: studies per step of training.
        epochs: at most.
        patience: epochs without a lower validation loss after which training stops.
        bootstrap: number of resamples (of patients) of the 95 % intervals.
    """

    findings: tuple[str, ...] = ()
    unsaid: Literal["absent", "unknown"]
    uncertain: Literal["unknown", "mapped"]
    uncertain_present: tuple[str, ...] = ()
    shares: tuple[float, ...] = (1, 10, 100)
    random_state: int = 42
    validation_share: float = 10
    standardise: bool = False
    learning_rate: float
    weight_decay: float
    batch: int
    epochs: int
    patience: int
    bootstrap: int

    def __post_init__(self) -> None:
        """Raise a MapleError that names the first impossible value."""
        subject = f"protocol {self.name!r}"
        if not self.shares or not all(0 < share <= 100 for share in self.shares):
            raise MapleError(subject, f"shares={self.shares}", "give per cents in (0, 100]")
        if not 0 < self.validation_share < 100:
            raise MapleError(subject, f"validation_share={self.validation_share}", "give a per cent < 100")
        if self.unsaid not in ("absent", "unknown"):
            raise MapleError(subject, f"unsaid={self.unsaid!r}", "use absent or unknown")
        if self.uncertain not in ("unknown", "mapped"):
            raise MapleError(subject, f"uncertain={self.uncertain!r}", "use unknown or mapped")


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneProtocol(ProbeProtocol):
    """As the linear probe, but the whole image encoder trains too, from its own learning rate.

    Attributes:
        encoder_learning_rate: of AdamW, for the image encoder.
    """

    encoder_learning_rate: float
