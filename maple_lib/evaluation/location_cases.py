"""The cases of a search by region: their images' regions, and the sentences about each region, embedded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.statements import region_sentences
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.encoding import encode_readable
from maple_lib.evaluation.problems import Problems
from maple_lib.evaluation.ranking import Bools
from maple_lib.methods.inference import encode_texts, inference, searched
from maple_lib.vocabulary import REGIONS

Embeddings = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a search, N cases.

    Attributes:
        regions: (N, R, K) what a search compares, of the regions or of the sentences about them.
        embeddings: (N, R, D) the same as embedded, unit norm: what cosines compare.
        valid: (N, R) bool, True where there is one.
        whole: (N, D) unit-norm embeddings of the whole images, or of the whole reports.
    """

    regions: Embeddings
    embeddings: Embeddings
    valid: Bools
    whole: Embeddings


@dataclass(frozen=True, eq=False)
class Cases:
    """Both sides of the studies that could be read: ``index`` their places, ``sides`` by name."""

    index: list[int]
    sides: Mapping[str, Side]


def embed_cases(
    method: Any, studies: Sequence[Study], batch_size: int, directions: Sequence[str], problems: Problems
) -> Cases:
    """Embed what the directions need: ``"image"``, and ``"text"`` where one of them names it.

    Raises:
        MapleError: if the method gives no regions, or an unknown side is named.
    """
    wanted = {side for direction in directions for side in direction.split("->")}
    if not wanted <= {"image", "text"}:
        raise MapleError(f"directions {list(directions)}", "unknown", "use image and text with -> between")
    with inference(method):
        index, images = _images(method, studies, batch_size, problems)
        sides = {"image": images}
        if "text" in wanted:
            sides["text"] = _texts(method, [studies[i] for i in index])
    return Cases(index, sides)


def _images(
    method: Any, studies: Sequence[Study], batch_size: int, problems: Problems
) -> tuple[list[int], Side]:
    import torch

    parts = list(encode_readable(method, studies, batch_size, regions=True, problems=problems))
    if not parts or parts[0].features.regions is None:
        raise MapleError("regions", "the method gave none", "give studies with region masks")
    described = [part.features.described() for part in parts]
    regions = torch.cat([region for region, _ in described])
    valid = torch.cat([valid for _, valid in described]).cpu().numpy()
    whole = torch.cat([part.features.pooled for part in parts])
    return [i for part in parts for i in part.index], _side(method, regions, valid, _unit(whole))


def _texts(method: Any, studies: Sequence[Study]) -> Side:
    about = [(case, region, text) for case, s in enumerate(studies) for region, text in _known(s).items()]
    if not about:
        raise MapleError(
            f"{len(studies)} studies", "no statement names a region", "give studies with reports"
        )
    phrases = encode_texts(method, [text for _, _, text in about]).phrase
    said = phrases.new_zeros(len(studies), len(REGIONS), phrases.shape[1])
    valid = np.zeros(said.shape[:2], bool)
    rows = [case for case, _, _ in about]
    columns = [REGIONS.index(region) for _, region, _ in about]
    said[rows, columns], valid[rows, columns] = phrases, True
    told = [case for case, study in enumerate(studies) if study.report.strip()]
    whole = np.zeros((len(studies), phrases.shape[1]), np.float32)
    whole[told] = _unit(encode_texts(method, [studies[case].report for case in told]).pooled)
    return _side(method, said, valid, whole)


def _known(study: Study) -> dict[str, str]:
    return {region: text for region, text in region_sentences(study).items() if region in REGIONS}


def _side(method: Any, regions: Any, valid: Bools, whole: Embeddings) -> Side:
    """From (N, R, D) embeddings."""
    import torch

    each = [searched(method, part.float(), region) for region, part in enumerate(regions.unbind(1))]
    return Side(torch.stack(each, 1).cpu().numpy(), _unit(regions), valid, whole)


def _unit(vectors: Any) -> Embeddings:
    from torch.nn.functional import normalize

    unit: Embeddings = normalize(vectors.float(), dim=-1).cpu().numpy()
    return unit
