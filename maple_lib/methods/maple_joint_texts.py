"""The texts that MApLe-joint reads for a batch: its sentences, the same with sides exchanged, and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.batch import Batch
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, STATES
from maple_lib.encoders.features import TextFeatures
from maple_lib.reports import parse
from maple_lib.reports.sides import swap_sides
from maple_lib.vocabulary import mirror
from maple_lib.vocabulary.phrasing import with_article

# {a}: a finding with its article where it has one; {it}: without.
PRESENT = ("There is {a}.", "{a} is present.", "{a} is noted.")
ABSENT = ("There is no {it}.", "No {it} is seen.", "No evidence of {it}.")
_FINDINGS = tuple(FINDING_INDEX)
_REGIONS = tuple(REGION_INDEX)
_UNCERTAIN = 0.5  # of a finding that is there
MIRROR = tuple(REGION_INDEX[mirror(name)] for name in _REGIONS)


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything a batch is read for, in one list.

    Attributes:
        texts: all texts in order: sentences, mirrored sentences, prompts.
        sentences: U, the number of sentences.
        mirrored: numbers of the sentences that name a side; the same many texts follow with it exchanged.
        findings: numbers of the findings that the batch states, present or not; prompts ask for these.
    """

    texts: tuple[str, ...]
    sentences: int
    mirrored: tuple[int, ...]
    findings: tuple[int, ...]

    def split(self, features: TextFeatures) -> Read:
        """Cut the features of all texts into their parts."""
        parts = [self.sentences, len(self.mirrored), *self._prompts()]
        pooled, phrase = features.pooled.split(parts), features.phrase.split(parts)
        f, r = len(self.findings), len(_REGIONS)
        return Read(
            sentences=_pick(features, pooled[0], phrase[0]),
            mirrored=phrase[1],
            present=_pick(features, _ensemble(pooled[2], f), _ensemble(phrase[2], f)),
            absent=_pick(features, _ensemble(pooled[3], f), _ensemble(phrase[3], f)),
            placed=phrase[4].unflatten(0, (f, r)) if f else phrase[4].view(0, r, phrase[4].shape[-1]),
            nothing=phrase[5],
        )

    def _prompts(self) -> tuple[int, int, int, int]:
        f = len(self.findings)
        return f * len(PRESENT), f * len(ABSENT), f * len(_REGIONS), len(_REGIONS)


@dataclass(frozen=True, slots=True)
class Read:
    """Features of the parts of ``Asked``; F findings, R regions.

    Attributes:
        sentences: of the batch's U sentences.
        mirrored: (M, D) phrases of the sentences with their sides exchanged.
        present, absent: of F prompts each: the mean of their templates.
        placed: (F, R, D) phrases of "finding f in the region r".
        nothing: (R, D) phrases of "no finding in the region r".
    """

    sentences: TextFeatures
    mirrored: Tensor
    present: TextFeatures
    absent: TextFeatures
    placed: Tensor
    nothing: Tensor


def asked(batch: Batch) -> Asked:
    """What is read for a batch."""
    swapped = [swap_sides(sentence) for sentence in batch.sentences]
    mirrored = tuple(i for i, text in enumerate(swapped) if text != batch.sentences[i])
    findings = tuple((batch.statements >= 0).any(0).nonzero().flatten().tolist())
    texts = (*batch.sentences, *(swapped[i] for i in mirrored), *prompts(findings))
    return Asked(texts, len(batch.sentences), mirrored, findings)


@lru_cache(maxsize=64)
def prompts(findings: tuple[int, ...]) -> tuple[str, ...]:
    """Present and absent by finding and template, placed by finding and region, nothing by region."""
    names = [_FINDINGS[f] for f in findings]
    present = [_filled(template, name) for name in names for template in PRESENT]
    absent = [_filled(template, name) for name in names for template in ABSENT]
    return (*present, *absent, *placed_prompts(names))


def placed_prompts(findings: Sequence[str]) -> tuple[str, ...]:
    """Every finding in every region, by finding; then nothing, by region."""
    names = (*findings, "no finding")
    return tuple(f"{name} in the {region}" for name in names for region in _REGIONS)


def _filled(template: str, name: str) -> str:
    text = template.format(a=with_article(name), it=name)
    return text[0].upper() + text[1:]


def _ensemble(embeddings: Tensor, findings: int) -> Tensor:
    """(F · T, D), T templates a finding -> (F, D) unit-norm means."""
    if not findings:
        return embeddings
    return F.normalize(embeddings.unflatten(0, (findings, -1)).mean(1), dim=-1)


def _pick(features: TextFeatures, pooled: Tensor, phrase: Tensor) -> TextFeatures:
    none = features.words[:0], features.word_valid[:0]
    return TextFeatures(pooled, phrase, *none)


def stated(texts: Sequence[str]) -> Tensor:
    """(T, M, 3) what each text states of regions, by the parser: see ``TextFeatures.statements``."""
    said = [
        [
            (_REGIONS.index(t.region), FINDING_INDEX[t.finding], STATES[t.existence])
            for t in parse(text).triplets
            if t.region in REGION_INDEX and t.finding in FINDING_INDEX
        ]
        for text in texts
    ]
    longest = max(map(len, said), default=0)
    rows = [each + [(-1, -1, -1)] * (longest - len(each)) for each in said]
    return torch.tensor(rows, dtype=torch.long).view(len(said), longest, 3)


def told_by(texts: TextFeatures) -> Tensor:
    """(T, R, F) what texts tell of regions: 1 a finding, less if uncertain; 0 where they tell of none."""
    assert texts.statements is not None
    region, finding, state = texts.statements.unbind(-1)
    worth = (state == STATES["present"]).float() + _UNCERTAIN * (state == STATES["uncertain"])
    cell = (region * len(FINDING_INDEX) + finding).clamp_min(0)
    told = worth.new_zeros(len(region), len(_REGIONS) * len(FINDING_INDEX))
    return told.scatter_reduce(1, cell, worth, "amax").unflatten(1, (len(_REGIONS), len(FINDING_INDEX)))


def padded(
    orders: tuple[tuple[int, ...], ...], chosen: tuple[int, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """The chosen sentences of each report as (B, L) places in ``chosen`` and which of them are there."""
    place = {sentence: i for i, sentence in enumerate(chosen)}
    rows = [[place[s] for s in dict.fromkeys(order) if s in place] for order in orders]
    longest = max(map(len, rows), default=0)
    where = torch.tensor([row + [0] * (longest - len(row)) for row in rows], dtype=torch.long)
    there = torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]
    return where.view(len(rows), longest).to(device), there.to(device)
