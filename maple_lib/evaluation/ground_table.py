"""Maps against the truth of their queries: one row per query, source and gating."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.frame import Maps, heat_maps
from maple_lib.evaluation.grounding import gate, score_maps
from maple_lib.evaluation.oddities import checked_truth, note_map
from maple_lib.evaluation.problems import Problems
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery, region_mask

if TYPE_CHECKING:
    import pandas as pd

# Heat maps of about four million pixels are held at a time, whatever the images' size.
_PIXELS = 1 << 22
SIZES = ("small", "medium", "large")


def grounding_table(
    queries: Sequence[GroundingQuery],
    studies: Sequence[Study],
    sources: Mapping[str, Maps],
    protocol: GroundingProtocol,
    problems: Problems,
) -> pd.DataFrame:
    """Score the maps of all sources.

    Args:
        queries: Q of them, ordered by study.
        studies: those that the queries speak of; of the images only the size is asked.
        sources: name -> (Q, h, w) maps; those of ``"method"`` are looked at for problems.
        protocol: how maps are made and scored.
        problems: takes what is odd about truths and maps.

    Returns:
        Tidy table: query, study_id, phrase, finding, region, location_free, size, source, gated, and a column
        a metric; NaN where a metric is undefined.
    """
    import pandas as pd

    frames = []
    for rows in _blocks(queries, studies):
        block = [queries[i] for i in rows]
        owners = [studies[q.study_index] for q in block]
        pairs = list(zip(block, owners, strict=True))
        truth = np.stack([checked_truth(q, s, problems) for q, s in pairs])
        regions = np.stack([_region(q, s, truth.shape[1:]) for q, s in pairs])
        facts = _facts(rows, block, owners).assign(
            size=pd.Series(_sizes(truth, protocol.sizes), dtype="object")
        )
        for query, owner, row in zip(block, owners, rows, strict=True):
            note_map(query, owner, sources["method"][row], problems)
        for source, maps in sources.items():
            heat = heat_maps(maps[rows], truth.shape[1:], protocol)
            for gated, scores in _both(heat, truth, regions, block, protocol):
                frames.append(facts.assign(source=source, gated=gated, **scores))
    table = pd.concat(frames, ignore_index=True)
    return table[~(table["gated"] & (table["location_free"] | table["region"].isna()))].reset_index(drop=True)


def _both(
    heat: Maps, truth: Maps, regions: Maps, block: Sequence[GroundingQuery], protocol: GroundingProtocol
) -> Iterator[tuple[bool, dict[str, Maps]]]:
    """Scores of the maps alone, then of the maps gated by the named region."""
    alone = score_maps(heat, truth, regions, protocol.thresholds)
    yield False, alone
    if any(query.region for query in block):
        within = {name: scores for name, scores in alone.items() if name.startswith("region_")}
        gated = score_maps(gate(heat, regions), truth, None, protocol.thresholds) | within
        # Where the study does not have the named region there is nothing to gate with.
        known = regions.any(axis=(1, 2))
        yield True, {name: np.where(known, scores, np.nan) for name, scores in gated.items()}


def _facts(rows: range, block: Sequence[GroundingQuery], owners: Sequence[Study]) -> pd.DataFrame:
    import pandas as pd

    columns = {
        "query": list(rows),
        "study_id": [study.study_id for study in owners],
        "phrase": [query.phrase for query in block],
        "finding": [query.finding for query in block],
        "region": pd.Series([query.region for query in block], dtype="object"),
        "location_free": [query.location_free for query in block],
    }
    return pd.DataFrame(columns)


def _sizes(truth: Maps, limits: tuple[float, float]) -> list[str | None]:
    """Small, medium or large by the truth's share of the image; None for an empty truth."""
    shares = truth.mean(axis=(1, 2))
    kinds = np.searchsorted(limits, shares, side="right")
    return [SIZES[kind] if share else None for kind, share in zip(kinds, shares, strict=True)]


def _region(query: GroundingQuery, study: Study, shape: tuple[int, ...]) -> BoolMask:
    """(H, W) bool; a region that is not known has no pixel, so in-region scores are NaN."""
    mask = region_mask(query, study)
    if mask is None:
        return np.zeros(shape, bool)
    if mask.shape != shape:
        raise MapleError(
            f"study {study.study_id}, region {query.region!r}",
            f"its mask is {mask.shape}, the image {tuple(shape)}",
            "give masks on the pixels of the image",
        )
    return mask


def _blocks(queries: Sequence[GroundingQuery], studies: Sequence[Study]) -> Iterator[range]:
    """Runs of queries whose images have one size, not too many pixels together."""
    start = 0
    shapes = [studies[query.study_index].image.pixels.shape for query in queries]
    for end in range(1, len(queries) + 1):
        pixels = (end - start + 1) * int(np.prod(shapes[start]))
        if end == len(queries) or shapes[end] != shapes[start] or pixels > _PIXELS:
            yield range(start, end)
            start = end
