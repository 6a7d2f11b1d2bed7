"""Phrase grounding of a method on studies, beside its floors and the ceiling of its patch grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import floors
from maple_lib.evaluation.frame import Maps, heat_maps
from maple_lib.evaluation.grounding import gate, score_maps
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.queries import GroundingQuery, build_queries, region_mask, truth_mask
from maple_lib.evaluation.result import GroundingResult
from maple_lib.methods.inference import encode_studies, encode_texts, inference, method_name, select

if TYPE_CHECKING:
    import pandas as pd

# Heat maps of about four million pixels are held at a time, whatever the images' size.
_PIXELS = 1 << 22


def ground(
    method: Any,
    studies: Sequence[Study],
    protocol: GroundingProtocol | str = "phantom_grounding_realistic",
    batch_size: int = 32,
    train_studies: Sequence[Study] = (),
    with_floors: bool = True,
    seed: int = 0,
) -> GroundingResult:
    """Ask a method every phrase of the studies and score its maps.

    Args:
        method: anything that speaks the interface of a method.
        studies: held-out studies with lesions (phantoms) or phrases with boxes.
        protocol: a grounding protocol or its name.
        batch_size: studies encoded at a time; it does not change the scores.
        train_studies: where the mean-lesion floor is learned; without them that floor is left out.
        with_floors: whether to score random, centre, region prior, mean lesion, image-blind, and oracle.
        seed: of the random floor and of the bootstrap.

    Returns:
        One row per query and source, ungated and, where the phrase names a region, gated by it.

    Raises:
        MapleError: if the protocol is not one of grounding, or there is nothing to ask.
    """
    settings = named_protocol(protocol) if isinstance(protocol, str) else protocol
    if not isinstance(settings, GroundingProtocol):
        raise MapleError(f"protocol {settings.name!r}", f"its task is {settings.task}", "use evaluate()")
    queries = build_queries(studies, settings)
    maps = similarity_maps(method, studies, queries, batch_size)
    sources = {"method": maps}
    if with_floors:
        sources |= _floors(queries, studies, maps, train_studies, seed)
    name = method_name(method)
    return GroundingResult(settings, name, _table(queries, studies, sources, settings), seed)


def similarity_maps(
    method: Any, studies: Sequence[Study], queries: Sequence[GroundingQuery], batch_size: int = 32
) -> Maps:
    """(Q, h, w) similarity of every patch with each query's phrase; queries ordered by study."""
    import torch

    parts = []
    asked = sorted({query.study_index for query in queries})
    with inference(method):
        for index, images in encode_studies(method, [studies[i] for i in asked], batch_size):
            row = {asked[i]: i - index.start for i in index}
            batch = [query for query in queries if query.study_index in row]
            texts = encode_texts(method, [query.phrase for query in batch])
            parts.append(
                method.similarity_map(select(images, [row[q.study_index] for q in batch]), texts)
                .float()
                .cpu()
            )
        return torch.cat(parts).numpy()


def _floors(
    queries: Sequence[GroundingQuery],
    studies: Sequence[Study],
    maps: Maps,
    train_studies: Sequence[Study],
    seed: int,
) -> dict[str, Maps]:
    grid = (maps.shape[1], maps.shape[2])
    found = {
        "random": floors.random_maps(queries, grid, seed),
        "centre blob": floors.centre_blob(queries, grid),
        "region prior": floors.region_prior(queries, studies, grid),
    }
    if train_studies:
        found["mean lesion"] = floors.MeanLesion.fit(train_studies, grid)(queries)
    found["image-blind"] = floors.image_blind(queries, maps)
    found["oracle"] = floors.oracle(queries, studies, grid)
    return found


def _table(
    queries: Sequence[GroundingQuery],
    studies: Sequence[Study],
    sources: Mapping[str, Maps],
    protocol: GroundingProtocol,
) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for rows in _blocks(queries, studies):
        block = [queries[i] for i in rows]
        owners = [studies[q.study_index] for q in block]
        truth = np.stack([truth_mask(q, s) for q, s in zip(block, owners, strict=True)])
        regions = _stack([region_mask(q, s) for q, s in zip(block, owners, strict=True)], truth)
        facts = _facts(rows, block, owners)
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
        yield True, score_maps(gate(heat, regions), truth, None, protocol.thresholds) | within


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


def _stack(masks: Sequence[Maps | None], like: Maps) -> Maps:
    """(B, H, W) bool; a region that is not known has no pixel, so in-region scores are NaN."""
    return np.stack([np.zeros(like.shape[1:], bool) if mask is None else mask for mask in masks])


def _blocks(queries: Sequence[GroundingQuery], studies: Sequence[Study]) -> Iterator[range]:
    """Runs of queries whose images have one size, not too many pixels together."""
    start = 0
    shapes = [studies[query.study_index].image.pixels.shape for query in queries]
    for end in range(1, len(queries) + 1):
        pixels = (end - start + 1) * int(np.prod(shapes[start]))
        if end == len(queries) or shapes[end] != shapes[start] or pixels > _PIXELS:
            yield range(start, end)
            start = end
