"""What is asked: a study, a text or an embedding, brought to one unit vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.statements import region_sentences
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.methods.inference import encode_studies, encode_texts, inference, searched
from maple_lib.vocabulary import REGIONS

if TYPE_CHECKING:
    from torch import Tensor

Vector = NDArray[np.float32]
DIRECTIONS = ("image->image", "image->text", "text->image", "text->text")


def sides(direction: str) -> tuple[str, str]:
    """(side that asks, side that answers), each ``image`` or ``text``.

    Raises:
        MapleError: if the direction is none of the four.
    """
    if direction not in DIRECTIONS:
        raise MapleError(f"direction={direction!r}", "unknown", f"use one of {', '.join(DIRECTIONS)}")
    ask, answer = direction.split("->")
    return ask, answer


def embed(method: Any, query: Study | str, side: str, region: str | None) -> Vector:
    """Embed a study's image, a study's words, or a text: whole (D,) of unit norm, or of one region (K,).

    Raises:
        MapleError: if the study has no mask of the region, or says nothing about it.
    """
    if isinstance(query, Study) and side == "image":
        return _embed_image(method, query, region)
    text = _words(query, region) if isinstance(query, Study) else query
    if not text.strip():
        raise MapleError("query", "an empty text", "give words to search for")
    with inference(method):
        features = encode_texts(method, [text])
        return _whole(features.pooled) if region is None else _part(method, features.phrase, region)


def as_vector(query: Any, dim: int, region: str | None = None) -> Vector:
    """An embedding of the caller, numpy or torch: (D,), brought to unit norm; of a region (K,), as it is.

    Raises:
        MapleError: for a wrong shape, NaN or a zero vector.
    """
    array = np.asarray(query.detach().cpu() if hasattr(query, "detach") else query)
    if array.shape != (dim,) or array.dtype.kind not in "fiu":
        raise MapleError(
            f"query of shape {array.shape}, {array.dtype}",
            f"expected a Study, a text, or an embedding of {dim} numbers",
            "embed it with the method that built the index",
        )
    vector: Vector = array.astype(np.float32)
    return _unit(vector) if region is None else _checked(vector)


def _embed_image(method: Any, study: Study, region: str | None) -> Vector:
    with inference(method):
        _, features = next(encode_studies(method, [study], regions=region is not None))
        if region is None:
            return _whole(features.pooled)
        study.region(region)
        number = REGIONS.index(region)
        if features.regions is None or features.region_valid is None or not features.region_valid[0, number]:
            raise MapleError(
                f"study {study.study_id}", f"region {region!r} is not visible", "choose another region"
            )
        return _part(method, features.regions[:, number], region)


def _whole(pooled: Tensor) -> Vector:
    """(1, D) -> (D,) of unit norm."""
    return _unit(pooled[0].float().cpu().numpy())


def _part(method: Any, embedding: Tensor, region: str) -> Vector:
    """(1, D) of a region -> (K,), what a search by it compares."""
    found: Vector = searched(method, embedding.float(), REGIONS.index(region))[0].cpu().numpy()
    return _checked(found)


def _words(study: Study, region: str | None) -> str:
    if region is None:
        return study.report
    texts = region_sentences(study)
    if region not in texts:
        raise MapleError(
            f"study {study.study_id}",
            f"its report says nothing of region {region!r}",
            f"it speaks of: {', '.join(texts)}",
        )
    return texts[region]


def _unit(vector: NDArray[Any]) -> Vector:
    return (_checked(vector) / np.linalg.norm(vector)).astype(np.float32)


def _checked(vector: NDArray[Any]) -> NDArray[Any]:
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        raise MapleError(
            "query embedding", "has no direction (NaN or zero)", "check the query and the method"
        )
    return vector
