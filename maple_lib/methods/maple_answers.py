"""What MApLe says beyond the common interface: findings of an image, of a text, and their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.cells import thin
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.errors import MapleError
from maple_lib.methods.maple_memory import Bank


@dataclass(frozen=True, slots=True)
class MapleImages(ImageFeatures):
    """Image features with what each finding's network saw.

    Attributes:
        findings: (B, F, D) one embedding for each finding, unit norm.
        attention: (B, F, N) of each finding over the patches, sum 1; all 0 where its anatomy is missing.
    """

    findings: Tensor = torch.empty(0)  # noqa: RUF009 - what follows the base's defaults needs one
    attention: Tensor = torch.empty(0)  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class MapleTexts(TextFeatures):
    """Text features with the findings (B, F) that each text mentions, 1 or 0."""

    findings: Tensor


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """Answers of the codebook.

    Attributes:
        findings: F names.
        states: (B, F) long: 1 present, 0 absent, -1 where the finding was not learnt.
        scores: (B, F) in [-2, 2]: cosine of the nearest sentence that says present, minus that of the nearest
            that says absent; NaN where the finding was not learnt.
    """

    findings: tuple[str, ...]
    states: Tensor
    scores: Tensor


class Codebook(nn.Module):
    """Sentences of every finding in every state, to which an image is compared. No weights, only buffers.

    Args:
        findings: F names.
        size: K, sentences for each finding and state.
        dim: D.
    """

    codes: Tensor
    valid: Tensor

    def __init__(self, findings: Sequence[str], size: int, dim: int) -> None:
        super().__init__()
        self.findings = tuple(findings)
        self.register_buffer("codes", torch.zeros(len(findings), 2, size, dim))
        self.register_buffer("valid", torch.zeros(len(findings), 2, size, dtype=torch.bool))

    def fill(self, bank: Bank) -> None:
        """Take up to K statements of each finding and state, evenly from the bank's order."""
        groups = torch.arange(self.valid[..., 0].numel(), device=bank.states.device)
        rows, there = thin(bank.findings * 2 + bank.states == groups[:, None], self.valid.shape[-1])
        room = self.valid.shape[-1] - rows.shape[1]
        rows, there = F.pad(rows, (0, room)), F.pad(there, (0, room))
        self.codes.copy_((bank.embeddings[rows] * there[..., None]).view_as(self.codes))
        self.valid.copy_(there.view_as(self.valid))

    def forward(self, findings: Tensor) -> ZeroShot:
        """The nearest state of (B, F, D) unit-norm embeddings.

        Raises:
            MapleError: if the codebook is empty.
        """
        known = self.valid.any(-1).all(-1)
        if not bool(known.any()):
            raise MapleError("codebook", "is empty", "train the method first: its last stage fills it")
        cosines = torch.einsum("bfd,fckd->bfck", findings, self.codes).masked_fill(~self.valid, -torch.inf)
        absent, present = cosines.amax(-1).unbind(-1)
        scores = (present - absent).masked_fill(~known, torch.nan)
        return ZeroShot(self.findings, torch.where(known, (scores > 0).long(), -1), scores)


def findings_of(texts: Sequence[str], findings: Sequence[str]) -> Tensor:
    """(T, F) float, 1 where the parser finds a mention of the finding in the text."""
    from maple_lib.reports import parse

    column = {name: d for d, name in enumerate(findings)}
    told = torch.zeros(len(texts), len(findings))
    for row, text in enumerate(texts):
        said = [column[t.finding] for t in parse(text).triplets if t.finding in column]
        told[row, said] = 1
    return told
