"""The batch that every method eats: studies as tensors, every different sentence once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, STATES, Record
from maple_lib.errors import MapleError


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B studies with U different sentences, R regions, F findings.

    Attributes:
        study_ids: B identifiers.
        images: (B, 1, S, S) float in [0, 1].
        regions: (B, R, h, w) share of each patch inside each region.
        sentences: the U different sentences of the batch.
        orders: of each report, the numbers of its sentences in the order in which it says them.
        report_sentences: (B, U) float, 1 where the report holds the sentence.
        region_sentences: (B, R, U) float, 1 where a sentence of the report speaks of the region.
        region_findings: (B, R, F) float, 1 present, 0 not said or absent.
        findings: (B, F) float: 1 present, 0 absent or not said, -1 uncertain.
        statements: (U, F) long state of each finding in each sentence: -1 not said, or ``STATES``.
        sentence_regions: (U, R) float, 1 where the sentence speaks of the region.
    """

    study_ids: tuple[str, ...]
    images: Tensor
    regions: Tensor
    sentences: tuple[str, ...]
    orders: tuple[tuple[int, ...], ...]
    report_sentences: Tensor
    region_sentences: Tensor
    region_findings: Tensor
    findings: Tensor
    statements: Tensor
    sentence_regions: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        moved = {f.name: getattr(self, f.name).to(device) for f in fields(self) if f.type == "Tensor"}
        return replace(self, **moved)


def collate(records: Sequence[Record]) -> Batch:
    """Put records together, every different sentence once.

    In numpy, so that a thread beside the training step can do it: torch would start a second team of
    processor threads there, and teams that outnumber the cores slow each other down.

    Raises:
        MapleError: if there is no record.
    """
    if not records:
        raise MapleError("batch", "holds no study", "give at least one record")
    sentences = tuple(dict.fromkeys(s for r in records for s in r.sentences))
    tables = _Tables(len(records), len(sentences))
    where = {s: i for i, s in enumerate(sentences)}
    for b, record in enumerate(records):
        tables.add(b, record, np.array([where[s] for s in record.sentences], np.int64))
    return Batch(
        study_ids=tuple(r.study_id for r in records),
        images=torch.from_numpy(_shares([r.pixels for r in records])[:, None]),
        regions=torch.from_numpy(_shares([r.regions for r in records])),
        sentences=sentences,
        orders=tuple(tuple(where[s] for s in r.sentences) for r in records),
        report_sentences=torch.from_numpy(tables.report_sentences),
        region_sentences=torch.from_numpy(tables.region_sentences),
        region_findings=torch.from_numpy(tables.region_findings),
        findings=torch.from_numpy(tables.findings),
        statements=torch.from_numpy(tables.statements),
        sentence_regions=torch.from_numpy(tables.sentence_regions),
    )


def _shares(arrays: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Bytes as shares of 255, stacked."""
    shares: NDArray[np.float32] = np.divide(np.stack(arrays), 255, dtype=np.float32)
    return shares


class _Tables:
    """Who says what of which region: arrays filled study by study."""

    def __init__(self, studies: int, sentences: int) -> None:
        B, U, R, K = studies, sentences, len(REGION_INDEX), len(FINDING_INDEX)
        self.report_sentences = np.zeros((B, U), np.float32)
        self.region_sentences = np.zeros((B, R, U), np.float32)
        self.region_findings = np.zeros((B, R, K), np.float32)
        self.findings = np.zeros((B, K), np.float32)
        self.statements = np.full((U, K), -1, np.int64)
        self.sentence_regions = np.zeros((U, R), np.float32)

    def add(self, b: int, record: Record, u: NDArray[np.int64]) -> None:
        """Enter study ``b``, whose sentences have the numbers ``u`` in the batch."""
        sentence, region, finding, state = record.statements.T
        row, placed = u[sentence], region >= 0
        self.report_sentences[b, u] = 1
        self.statements[row, finding] = state
        self.region_sentences[b, region[placed], row[placed]] = 1
        self.sentence_regions[row[placed], region[placed]] = 1
        self.findings[b, finding[state == STATES["uncertain"]]] = -1
        present = state == STATES["present"]
        self.findings[b, finding[present]] = 1
        self.region_findings[b, region[placed & present], finding[placed & present]] = 1
