"""A search by region, scored: who asks, who may answer, who is right; and the floors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import LocationRetrievalProtocol
from maple_lib.evaluation.ranking import Bools, Floats, chance_metrics, rank_metrics
from maple_lib.vocabulary import FINDINGS, REGIONS

if TYPE_CHECKING:
    import pandas as pd

Embeddings = NDArray[np.floating]


def present_findings(studies: Sequence[Study]) -> Bools:
    """(N, R, F) bool: which findings each study's statements call present in each region."""
    region = {name: i for i, name in enumerate(REGIONS)}
    finding = {name: i for i, name in enumerate(FINDINGS)}
    found = np.zeros((len(studies), len(REGIONS), len(FINDINGS)), bool)
    for row, study in enumerate(studies):
        for triplet in study.triplets:
            known = triplet.region in region and triplet.finding in finding
            if known and triplet.existence == "present" and triplet.region is not None:
                found[row, region[triplet.region], finding[triplet.finding]] = True
    return found


def score_location_retrieval(
    queries: Embeddings,
    gallery: Embeddings,
    whole: Embeddings,
    visible: Bools,
    findings: Bools,
    protocol: LocationRetrievalProtocol,
    study_ids: Sequence[str],
    whole_gallery: Embeddings | None = None,
    answers: Bools | None = None,
    embeddings: tuple[Embeddings, Embeddings] | None = None,
) -> pd.DataFrame:
    """Score a search by region among N cases, and its floors.

    Args:
        queries: (N, R, K) what asks, of the regions of images or of the texts about them; the inner product
            with what answers is the score.
        gallery: (N, R, K) what answers.
        whole: (N, D) unit-norm embeddings of the whole images or reports that ask without condition.
        visible: (N, R) bool, True where the case has the region (or says something about it) and may ask.
        findings: (N, R, F) bool present findings; right is a case that shares one in the region.
        protocol: gives the cut-offs and the least number of cases of a region.
        study_ids: N names.
        whole_gallery: (N, D) what answers the unconditioned search; ``whole`` by default.
        answers: (N, R) bool, True where the case has what answers; ``visible`` by default. Others are never
            candidates, and a case never answers itself.
        embeddings: (N, R, D) unit-norm embeddings of the regions that ask and of those that answer; given,
            the search by their cosine is scored too.

    Returns:
        Tidy table: region, study_id, source, metric, value. A query needs a present finding in the region
        and another case that shares it; a region needs ``minimum_cases`` such queries.

    Raises:
        MapleError: if no region has enough queries.
    """
    import pandas as pd

    answers = visible if answers is None else answers
    whole_gallery = whole if whole_gallery is None else whole_gallery
    frames = []
    for region, ask, among, right in _regions(visible, answers, findings, protocol.minimum_cases):
        rankings = {
            "conditioned": queries[ask, region] @ gallery[:, region].T,
            **_cosines(embeddings, ask, region),
            "whole image": whole[ask] @ whole_gallery.T,
            "prevalence": np.repeat(_commonness(findings[:, region], answers[:, region])[None], len(ask), 0),
        }
        scores = {source: rank_metrics(m, right, protocol.ks, among) for source, m in rankings.items()}
        scores["random"] = chance_metrics(right, protocol.ks, among)
        names = [study_ids[i] for i in ask]
        for source, metrics in scores.items():
            for metric, values in metrics.items():
                facts = {"region": REGIONS[region], "study_id": names, "source": source}
                frames.append(pd.DataFrame({**facts, "metric": metric, "value": values}))
    if not frames:
        raise MapleError(
            f"{len(study_ids)} studies",
            f"no region has {protocol.minimum_cases} cases with a finding that another case shares there",
            "give more studies",
        )
    return pd.concat(frames, ignore_index=True)


def _cosines(
    embeddings: tuple[Embeddings, Embeddings] | None, ask: NDArray[np.intp], region: int
) -> dict[str, Embeddings]:
    if embeddings is None:
        return {}
    asks, answers = embeddings
    return {"cosine": asks[ask, region] @ answers[:, region].T}


def _regions(
    visible: Bools, answers: Bools, findings: Bools, minimum: int
) -> Iterator[tuple[int, NDArray[np.intp], Bools, Bools]]:
    """Region, its queries (Q,), their candidates (Q, N) and right candidates (Q, N)."""
    for region in range(visible.shape[1]):
        asking = (findings[:, region] & visible[:, region, None]).astype(np.float32)
        answering = (findings[:, region] & answers[:, region, None]).astype(np.float32)
        shared = (asking @ answering.T) > 0
        np.fill_diagonal(shared, False)
        ask = np.flatnonzero(shared.any(axis=1))
        if len(ask) >= max(1, minimum):
            among = np.repeat(answers[None, :, region], len(ask), axis=0)
            among[np.arange(len(ask)), ask] = False
            yield region, ask, among, shared[ask]


def _commonness(findings: Bools, visible: Bools) -> Floats:
    """(N,) chance that a random case of the region shares a finding with this one."""
    share = findings[visible].mean(axis=0)
    common: Floats = 1 - np.where(findings, 1 - share, 1.0).prod(axis=1)
    return common
