"""Protocols of segmentation with a frozen encoder: what is outlined, by which decoder, how it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import Protocol
from maple_lib.vocabulary import FINDINGS, REGIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationProtocol(Protocol):
    """How a decoder is trained on frozen patch features.

    Attributes:
        targets: findings (the union of a finding's lesions or drawn places) and regions; one output each.
        decoder: ``"unet"`` or ``"setr"`` (progressive up-sampling).
        width: channels of the decoder at the patch grid.
        splits: sizes of training, validation and test part, in per cent of the patients.
        split_seed: of the order of the patients.
        focal_weight: of the focal loss; minus log Dice counts once.
        focal_gamma: exponent of the focal loss.
        learning_rate, weight_decay: of AdamW.
        batch: studies per step of training.
        epochs: at most.
        patience: epochs without a lower validation loss after which training stops.
        threshold: of the probability, for Dice.
        bootstrap: number of resamples (of patients) of the 95 % intervals.
    """

    targets: tuple[str, ...]
    decoder: Literal["unet", "setr"]
    width: int
    splits: tuple[float, float, float] = (70, 15, 15)
    split_seed: int = 0
    focal_weight: float = 10
    focal_gamma: float = 2
    learning_rate: float
    weight_decay: float
    batch: int
    epochs: int
    patience: int
    threshold: float = 0.5
    bootstrap: int

    def __post_init__(self) -> None:
        """Raise a MapleError that names the first impossible value."""
        subject = f"protocol {self.name!r}"
        unknown = [name for name in self.targets if name not in FINDINGS and name not in REGIONS]
        if unknown or not self.targets:
            raise MapleError(subject, f"targets={self.targets}", "name findings or regions of the vocabulary")
        if self.decoder not in ("unet", "setr"):
            raise MapleError(subject, f"decoder={self.decoder!r}", "use unet or setr")
        if len(self.splits) != 3 or min(self.splits) <= 0:
            raise MapleError(subject, f"splits={self.splits}", "give three positive shares")
