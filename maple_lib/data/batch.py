"""From studies to tensors: compact per-study records, and the batch that every method eats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maple_lib.anatomy.grid import masks_to_grid
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet
from maple_lib.vocabulary import FINDINGS, REGIONS

REGION_INDEX = {name: i for i, name in enumerate(REGIONS)}
FINDING_INDEX = {name: i for i, name in enumerate(FINDINGS)}
STATES = {"present": 1, "absent": 0, "uncertain": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A study, ready for training: a few kilobytes.

    Attributes:
        study_id: opaque identifier.
        pixels: (S, S) uint8, bone bright.
        regions: (R, h, w) uint8, 255 where the region fills the patch.
        sentences: the sentences of the report that state something.
        statements: (K, 4) int16 rows of (sentence, region or -1, finding, state of ``STATES``).
    """

    study_id: str
    pixels: NDArray[np.uint8]
    regions: NDArray[np.uint8]
    sentences: tuple[str, ...]
    statements: NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B studies with U different sentences, R regions, F findings.

    Attributes:
        study_ids: B identifiers.
        images: (B, 1, S, S) float in [0, 1].
        regions: (B, R, h, w) share of each patch inside each region.
        sentences: the U different sentences of the batch.
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
    report_sentences: Tensor
    region_sentences: Tensor
    region_findings: Tensor
    findings: Tensor
    statements: Tensor
    sentence_regions: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        tensors = {k: getattr(self, k) for k in self.__slots__}
        return replace(self, **{k: v.to(device) for k, v in tensors.items() if isinstance(v, Tensor)})


def images_tensor(studies: Sequence[Study], size: int) -> Tensor:
    """The studies' images as (B, 1, size, size) float in [0, 1], padded to a square, not stretched."""
    return torch.cat([_square(torch.from_numpy(s.image.pixels)[None, None], size) for s in studies])


def region_weights(studies: Sequence[Study], grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Region masks on the patch grid: (B, R, h, w) float in [0, 1], and (B, R) bool where present."""
    weights = torch.stack([_study_weights(s, grid) for s in studies])
    return weights, weights.flatten(2).sum(-1) > 0


def make_record(study: Study, size: int, grid: tuple[int, int], triplets: str = "parsed") -> Record:
    """Bring one study to the form that training reads.

    Args:
        study: the study; its pixels are read here.
        size: side of the image in pixels.
        grid: patch grid (h, w).
        triplets: ``"parsed"`` reads the report, ``"given"`` takes ``study.triplets``.

    Raises:
        MapleError: if the image cannot be read or the choice of triplets is unknown.
    """
    sentences, stated = _statements(study, triplets)
    pixels = images_tensor([study], size)[0, 0]
    if not bool(torch.isfinite(pixels).all()):
        raise MapleError(f"image of study {study.study_id}", "holds NaN or infinite pixels", "read it again")
    return Record(
        study.study_id,
        (pixels * 255).round().byte().numpy(),
        (_study_weights(study, grid) * 255).round().byte().numpy(),
        sentences,
        stated,
    )


def collate(records: Sequence[Record]) -> Batch:
    """Put records together, every different sentence once.

    Raises:
        MapleError: if there is no record.
    """
    if not records:
        raise MapleError("batch", "holds no study", "give at least one record")
    sentences = tuple(dict.fromkeys(s for r in records for s in r.sentences))
    where = {s: i for i, s in enumerate(sentences)}
    B, R, F_, U = len(records), len(REGIONS), len(FINDINGS), len(sentences)
    report = np.zeros((B, U), np.float32)
    spoken = np.zeros((B, R, U), np.float32)
    region_findings = np.zeros((B, R, F_), np.float32)
    findings = np.zeros((B, F_), np.float32)
    statements = np.full((U, F_), -1, np.int64)
    sentence_regions = np.zeros((U, R), np.float32)
    for b, record in enumerate(records):
        u = np.array([where[s] for s in record.sentences], np.int64)
        report[b, u] = 1
        s, r, f, state = record.statements.T
        statements[u[s], f] = state
        findings[b, f[state == 2]] = -1
        findings[b, f[state == 1]] = 1
        placed = r >= 0
        spoken[b, r[placed], u[s[placed]]] = 1
        sentence_regions[u[s[placed]], r[placed]] = 1
        here = placed & (state == 1)
        region_findings[b, r[here], f[here]] = 1
    pixels = torch.from_numpy(np.stack([r.pixels for r in records]))
    regions = torch.from_numpy(np.stack([r.regions for r in records]))
    return Batch(
        tuple(r.study_id for r in records),
        pixels[:, None].float() / 255,
        regions.float() / 255,
        sentences,
        *(torch.from_numpy(a) for a in (report, spoken, region_findings, findings, statements)),
        torch.from_numpy(sentence_regions),
    )


def _square(image: Tensor, size: int) -> Tensor:
    height, width = image.shape[-2:]
    if height != width:
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        image = F.pad(image, (left, side - width - left, top, side - height - top))
    if image.shape[-1] == size:
        return image
    return F.interpolate(image, (size, size), mode="bilinear", antialias=True, align_corners=False).clamp(
        0, 1
    )


def _study_weights(study: Study, grid: tuple[int, int]) -> Tensor:
    weights = torch.zeros(len(REGIONS), *grid)
    known = [(REGION_INDEX[name], mask) for name, mask in study.regions.items() if name in REGION_INDEX]
    if known:
        masks = torch.from_numpy(np.stack([mask for _, mask in known]))
        weights[[i for i, _ in known]] = masks_to_grid(_pad_masks(masks), grid)
    return weights


def _pad_masks(masks: Tensor) -> Tensor:
    height, width = masks.shape[-2:]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return F.pad(masks, (left, side - width - left, top, side - height - top)) if height != width else masks


def _statements(study: Study, source: str) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    from maple_lib.reports import parse

    if source not in ("parsed", "given"):
        raise MapleError(f"triplets={source!r}", "unknown source", "use 'parsed' or 'given'")
    parsed = parse(study.report)
    triplets: Sequence[Triplet] = parsed.triplets
    if source == "given":
        triplets = study.triplets
    texts = {s.index: s.text for s in parsed.sentences} if source == "parsed" else _given_texts(study)
    used = sorted({t.sentence for t in triplets if t.sentence in texts})
    place = {index: i for i, index in enumerate(used)}
    rows = [
        (
            place[t.sentence],
            REGION_INDEX.get(t.region or "", -1),
            FINDING_INDEX[t.finding],
            STATES[t.existence],
        )
        for t in triplets
        if t.finding in FINDING_INDEX and t.sentence in place
    ]
    table = np.array(rows, np.int16).reshape(-1, 4)
    return tuple(texts[i] for i in used), table


def _given_texts(study: Study) -> dict[int, str]:
    from maple_lib.reports import parse

    parsed = parse(study.report)
    spans = [(s.span, s.text) for s in parsed.sentences]
    return {
        t.sentence: next((text for (a, b), text in spans if a <= t.span[0] < b), "") for t in study.triplets
    }
