"""Location-conditioned retrieval: cases found by one region, scored region by region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import LocationRetrievalProtocol
from maple_lib.evaluation.ranking import Bools, Floats, chance_metrics, rank_metrics
from maple_lib.evaluation.result import Result
from maple_lib.methods.inference import encode_studies, inference, method_name
from maple_lib.vocabulary import FINDINGS, REGIONS

if TYPE_CHECKING:
    import pandas as pd

Embeddings = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LocationRetrievalResult(Result):
    """One row per region, query, source and metric.

    Sources: ``conditioned`` (by the region's embedding), ``whole image`` (the same model unconditioned) and
    the floors ``prevalence`` (common findings first, whatever the query) and ``random`` (its expectation).
    """

    def summary(self, by_region: bool = False) -> pd.DataFrame:
        """Means over queries per region, then the mean over regions, with bootstrap 95 % intervals.

        Args:
            by_region: one row per region instead of their mean.
        """
        import pandas as pd

        assert isinstance(self.protocol, LocationRetrievalProtocol)
        keys = ["source", "metric"] + (["region"] if by_region else [])
        rows: list[dict[str, object]] = []
        for names, group in self.table.groupby(keys, sort=False):
            per_region = [part["value"].to_numpy() for _, part in group.groupby("region", sort=False)]
            low, high = _macro_interval(per_region, self.protocol.bootstrap, self.seed)
            mean = float(np.mean([values.mean() for values in per_region]))
            facts = {
                "protocol": str(self.protocol),
                "method": self.method,
                **dict(zip(keys, names, strict=True)),
            }
            rows.append(
                facts | {"mean": mean, "low": low, "high": high, "regions": len(per_region), "n": len(group)}
            )
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        return f"{self.method} by protocol {self.protocol}\n{self.summary().round(3).to_string(index=False)}"


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
) -> pd.DataFrame:
    """Score a search by region among N cases, and its floors.

    Args:
        queries: (N, R, D) unit-norm region embeddings that ask (of images, or of the texts about them).
        gallery: (N, R, D) unit-norm region embeddings that answer.
        whole: (N, D) unit-norm embeddings of the whole images, for the unconditioned search.
        visible: (N, R) bool, True where the case has the region; others are never candidates.
        findings: (N, R, F) bool present findings; right is a case that shares one in the region.
        protocol: gives the cut-offs and the least number of cases of a region.
        study_ids: N names.

    Returns:
        Tidy table: region, study_id, source, metric, value. A query needs a present finding in the region
        and another case that shares it; a region needs ``minimum_cases`` such queries.

    Raises:
        MapleError: if no region has enough queries.
    """
    import pandas as pd

    frames = []
    for region, ask, among, right in _regions(visible, findings, protocol.minimum_cases):
        rankings = {
            "conditioned": queries[ask, region] @ gallery[:, region].T,
            "whole image": whole[ask] @ whole.T,
            "prevalence": np.repeat(_commonness(findings[:, region], visible[:, region])[None], len(ask), 0),
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


def evaluate_location_retrieval(
    method: Any, studies: Sequence[Study], protocol: LocationRetrievalProtocol, batch_size: int = 32
) -> LocationRetrievalResult:
    """Embed the regions of studies' images and search by every region, image to image.

    Raises:
        MapleError: if the studies have no region masks, or too few share a finding.
    """
    whole, regions, visible = _embed(method, studies, batch_size)
    table = score_location_retrieval(
        regions, regions, whole, visible, present_findings(studies), protocol, [s.study_id for s in studies]
    )
    return LocationRetrievalResult(protocol, method_name(method), table)


def _embed(method: Any, studies: Sequence[Study], batch_size: int) -> tuple[Embeddings, Embeddings, Bools]:
    import torch
    from torch.nn.functional import normalize

    with inference(method):
        parts = [f for _, f in encode_studies(method, studies, batch_size, regions=True)]
    if not parts or parts[0].regions is None:
        raise MapleError("regions", "the method gave none", "give studies with region masks")
    regions = normalize(torch.cat([f.regions for f in parts if f.regions is not None]).float(), dim=-1)
    valid = torch.cat([f.region_valid for f in parts if f.region_valid is not None])
    whole = torch.cat([f.pooled for f in parts]).float()
    return whole.cpu().numpy(), regions.cpu().numpy(), valid.cpu().numpy()


def _regions(
    visible: Bools, findings: Bools, minimum: int
) -> Iterator[tuple[int, NDArray[np.intp], Bools, Bools]]:
    """Region, its queries (Q,), their candidates (Q, N) and right candidates (Q, N)."""
    for region in range(visible.shape[1]):
        there = findings[:, region] & visible[:, region, None]
        shared = (there.astype(np.float32) @ there.T.astype(np.float32)) > 0
        np.fill_diagonal(shared, False)
        ask = np.flatnonzero(shared.any(axis=1))
        if len(ask) >= max(1, minimum):
            among = np.repeat(visible[None, :, region], len(ask), axis=0)
            among[np.arange(len(ask)), ask] = False
            yield region, ask, among, shared[ask]


def _commonness(findings: Bools, visible: Bools) -> Floats:
    """(N,) chance that a random case of the region shares a finding with this one."""
    share = findings[visible].mean(axis=0)
    common: Floats = 1 - np.where(findings, 1 - share, 1.0).prod(axis=1)
    return common


def _macro_interval(per_region: Sequence[Floats], resamples: int, seed: int) -> tuple[float, float]:
    """Queries are drawn anew within every region; the regions stay."""
    rng = np.random.default_rng(seed)
    means = [v[rng.integers(len(v), size=(resamples, len(v)))].mean(axis=1) for v in per_region]
    low, high = np.quantile(np.mean(means, axis=0), [0.025, 0.975])
    return float(low), float(high)
