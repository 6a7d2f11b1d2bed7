"""A study brought to the size of a model, with what its report states: a few kilobytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from maple_lib.data.pixels import images_tensor, region_weights
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
        (region_weights([study], grid)[0][0] * 255).round().byte().numpy(),
        sentences,
        stated,
    )


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
