"""Location-conditioned retrieval: cases found by one region, in four directions, region by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.evaluation.location_cases import embed_cases
from maple_lib.evaluation.location_scores import present_findings, score_location_retrieval
from maple_lib.evaluation.problems import Problems, list_studies
from maple_lib.evaluation.protocols import LocationRetrievalProtocol
from maple_lib.evaluation.ranking import Floats
from maple_lib.evaluation.result import Result
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LocationRetrievalResult",
    "evaluate_location_retrieval",
    "present_findings",
    "score_location_retrieval",
]
_FLOORS = ("prevalence", "random")


@dataclass(frozen=True, eq=False)
class LocationRetrievalResult(Result):
    """One row per direction, region, query, source and metric.

    Sources: ``conditioned`` (by what the method compares of a region), ``cosine`` (by the cosine of the
    regions' embeddings, which is the same for most methods), ``whole image`` (the same model unconditioned:
    by the embeddings of whole images and whole reports) and the floors ``prevalence`` (common findings
    first, whatever the query) and ``random`` (its expectation).
    """

    def summary(self, by_region: bool = False) -> pd.DataFrame:
        """Means over queries per region, then the mean over regions, with bootstrap 95 % intervals.

        Args:
            by_region: one row per region instead of their mean.

        Returns:
            One row per direction, source and metric (and region): ``mean``, ``low``, ``high``, ``regions``,
            ``n`` queries, ``undefined`` ones, ``unconditioned`` (what the same model reaches by whole images
            and reports) and ``floor``, the higher of the two floors.
        """
        import pandas as pd

        assert isinstance(self.protocol, LocationRetrievalProtocol)
        keys = ["direction", "source", "metric"] + (["region"] if by_region else [])
        rows: list[dict[str, object]] = []
        for names, group in self.table.groupby(keys, sort=False):
            per_region = [part["value"].to_numpy() for _, part in group.groupby("region", sort=False)]
            low, high = _macro_interval(per_region, self.protocol.bootstrap, self.seed)
            rows.append(
                {
                    "protocol": str(self.protocol),
                    "method": self.method,
                    **dict(zip(keys, names, strict=True)),
                    "mean": float(np.mean([values.mean() for values in per_region])),
                    "low": low,
                    "high": high,
                    "regions": len(per_region),
                    "n": len(group),
                    "undefined": int(group["value"].isna().sum()),
                }
            )
        return _with_bounds(pd.DataFrame(rows), [key for key in keys if key != "source"])

    def breakdown(self) -> pd.DataFrame:
        """The mean over regions, then every region: columns ``split`` (all, region) and ``group``."""
        import pandas as pd

        regions = self.summary(by_region=True).rename(columns={"region": "group"}).assign(split="region")
        return pd.concat([self.summary().assign(split="all", group="all"), regions], ignore_index=True)

    def __str__(self) -> str:
        title = f"{self.method} by protocol {self.protocol}"
        return f"{title}\n{self.summary().round(3).to_string(index=False)}{self.told()}"


def evaluate_location_retrieval(
    method: Any, studies: Sequence[Study], protocol: LocationRetrievalProtocol, batch_size: int = 32
) -> LocationRetrievalResult:
    """Embed the regions of studies' images, and the sentences about them, and search by every region.

    Args:
        method: anything that speaks the interface of a method.
        studies: with region masks; the sentences about a region are those of the statements that name it.
        protocol: gives the directions, the cut-offs, and the least number of cases of a region.
        batch_size: studies read at a time; it does not change the scores.

    Raises:
        MapleError: if the studies have no region masks, or too few share a finding.
    """
    import pandas as pd

    problems = Problems()
    known = list_studies(studies, problems)
    cases = embed_cases(method, known, batch_size, protocol.directions, problems)
    kept = [known[i] for i in cases.index]
    findings, names = present_findings(kept), [study.study_id for study in kept]
    frames = []
    for direction in protocol.directions:
        asks, answers = (cases.sides[side] for side in direction.split("->"))
        table = score_location_retrieval(
            asks.regions,
            answers.regions,
            asks.whole,
            asks.valid,
            findings,
            protocol,
            names,
            whole_gallery=answers.whole,
            answers=answers.valid,
            embeddings=(asks.embeddings, answers.embeddings),
        )
        frames.append(table.assign(direction=direction))
    table = pd.concat(frames, ignore_index=True)
    return LocationRetrievalResult(protocol, method_name(method), table, problems=problems.table())


def _with_bounds(summary: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The unconditioned search, and the higher floor, beside every row."""
    whole = summary.loc[summary["source"] == "whole image", [*keys, "mean"]]
    floor = summary[summary["source"].isin(_FLOORS)].groupby(keys, sort=False)["mean"].max().reset_index()
    joined = summary.merge(whole.rename(columns={"mean": "unconditioned"}), on=keys, how="left")
    return joined.merge(floor.rename(columns={"mean": "floor"}), on=keys, how="left")


def _macro_interval(per_region: Sequence[Floats], resamples: int, seed: int) -> tuple[float, float]:
    """Queries are drawn anew within every region; the regions stay."""
    rng = np.random.default_rng(seed)
    means = [v[rng.integers(len(v), size=(resamples, len(v)))].mean(axis=1) for v in per_region]
    low, high = np.quantile(np.mean(means, axis=0), [0.025, 0.975])
    return float(low), float(high)
