"""Phrase grounding of a method on studies, beside its floors and the ceiling of its patch grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import floors
from maple_lib.evaluation.encoding import encode_readable, maps_of, unread
from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.ground_result import GroundingResult
from maple_lib.evaluation.ground_table import grounding_table
from maple_lib.evaluation.problems import Problems, list_studies
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.queries import GroundingQuery, build_queries
from maple_lib.methods.inference import encode_texts, inference, method_name, select

Shapes = dict[int, tuple[int, int]]


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
        studies: held-out studies with lesions (phantoms) or phrases with boxes, outlines or masks. Pixels
            that were not in memory before are not there afterwards.
        protocol: a grounding protocol or its name.
        batch_size: studies read at a time; it does not change the scores.
        train_studies: where the mean-lesion floor is learned; without them that floor is left out.
        with_floors: whether to score random, centre, region prior, mean lesion, image-blind, and oracle.
        seed: of the random floor and of the bootstrap.

    Returns:
        One row per query and source, ungated and, where the phrase names a region, gated by it; and what was
        odd, in ``.problems``: images that cannot be read, places outside the image, maps without a peak.

    Raises:
        MapleError: if the protocol is not one of grounding, there is nothing to ask, or no image can be read.
    """
    settings = named_protocol(protocol) if isinstance(protocol, str) else protocol
    if not isinstance(settings, GroundingProtocol):
        raise MapleError(f"protocol {settings.name!r}", f"its task is {settings.task}", "use evaluate()")
    problems = Problems()
    known = list_studies(studies, problems)
    asked = build_queries(known, settings)
    maps, shapes = _maps(method, known, asked, batch_size, problems)
    queries = [query for query in asked if query.study_index in shapes]
    sized = [unread(study, shapes[i]) if i in shapes else study for i, study in enumerate(known)]
    sources = {"method": maps}
    if with_floors:
        sources |= _floors(queries, sized, maps, train_studies, seed)
    table = grounding_table(queries, sized, sources, settings, problems)
    return GroundingResult(settings, method_name(method), table, seed, problems=problems.table())


def similarity_maps(
    method: Any, studies: Sequence[Study], queries: Sequence[GroundingQuery], batch_size: int = 32
) -> Maps:
    """(Q, h, w) similarity of every patch with each query's phrase; queries ordered by study.

    Raises:
        MapleError: if an image cannot be read.
    """
    return _maps(method, studies, queries, batch_size, None)[0]


def _maps(
    method: Any,
    studies: Sequence[Study],
    queries: Sequence[GroundingQuery],
    batch_size: int,
    problems: Problems | None,
) -> tuple[Maps, Shapes]:
    """The maps of the queries whose image can be read, and the sizes of those images by study."""
    import torch

    asked = sorted({query.study_index for query in queries})
    phrases = list(dict.fromkeys(query.phrase for query in queries))
    text_of = {phrase: row for row, phrase in enumerate(phrases)}
    parts: list[Any] = []
    shapes: Shapes = {}
    with inference(method):
        texts = encode_texts(method, phrases)
        for part in encode_readable(method, [studies[i] for i in asked], batch_size, problems=problems):
            row = {asked[place]: i for i, place in enumerate(part.index)}
            shapes |= {asked[place]: shape for place, shape in zip(part.index, part.shapes, strict=True)}
            batch = [query for query in queries if query.study_index in row]
            said = select(texts, [text_of[query.phrase] for query in batch])
            parts.append(maps_of(method, part.features, [row[q.study_index] for q in batch], said))
    maps = torch.cat(parts).numpy()
    return np.where(np.isfinite(maps), maps, np.float32(np.nan)), shapes


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
    if len(train_studies):
        found["mean lesion"] = floors.MeanLesion.fit(train_studies, grid)(queries)
    found["image-blind"] = floors.image_blind(queries, maps)
    found["oracle"] = floors.oracle(queries, studies, grid)
    return {name: np.asarray(values, np.float32) for name, values in found.items()}
