"""Grounding scores as tables: means with intervals, both averages, floor and ceiling beside every number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.result import Result

if TYPE_CHECKING:
    import pandas as pd

METRICS = (
    "cnr",
    "abs_cnr",
    "miou_clamp",
    "miou_unit",
    "miou_symmetric",
    "pointing",
    "auprc",
    "chance",
    "region_cnr",
    "region_pointing",
    "region_chance",
)
# Metric -> the column that holds what a random or constant map reaches by it.
_CHANCE = {"pointing": "chance", "auprc": "chance", "region_pointing": "region_chance"}
# Floors that nobody trained; the best of them is the one to beat.
_FLOORS = ("random", "centre blob", "region prior", "mean lesion")
_CEILING = "oracle"
_SPLITS = ("finding", "region", "size")


@dataclass(frozen=True, eq=False)
class GroundingResult(Result):
    """Grounding scores, one row per query, source (the method, a floor, the oracle) and gating."""

    def summary(self, by: Sequence[str] = ()) -> pd.DataFrame:
        """Means with bootstrap 95 % intervals over queries.

        Args:
            by: further columns to split by: ``"finding"``, ``"region"``, ``"size"``.

        Returns:
            One row per source, gating, kind of phrase (``by``) and metric: ``mean`` (over queries), ``low``,
            ``high``, ``class_mean`` (the mean of the findings' means), ``n`` queries, ``undefined`` ones
            among them, ``chance`` where the metric has one, ``floor`` (the highest mean of the floors that
            need no model, for the same rows) with its name ``floor_source``, and ``ceiling``, the oracle's
            mean.
        """
        import pandas as pd

        assert isinstance(self.protocol, GroundingProtocol)
        kind = np.where(self.table["location_free"], "location-free", "placed")
        keys = ["source", "gated", "phrases", *by]
        rows: list[dict[str, object]] = []
        for names, group in self.table.assign(phrases=kind).groupby(keys, sort=False, dropna=False):
            facts = {
                "protocol": str(self.protocol),
                "method": self.method,
                **dict(zip(keys, names, strict=True)),
            }
            rows.extend(facts | row for row in _rows(group, self.protocol.bootstrap, self.seed))
        return _with_bounds(pd.DataFrame(rows), ["gated", "phrases", *by, "metric"])

    def breakdown(self) -> pd.DataFrame:
        """The summary of all queries, then per finding, per region and per size of the truth.

        Returns:
            As ``summary``, with columns ``split`` (``"all"``, ``"finding"``, ``"region"``, ``"size"``) and
            ``group``: its value.
        """
        import pandas as pd

        parts = [self.summary().assign(split="all", group="all")]
        for split in _SPLITS:
            rows = self.summary(by=[split])
            parts.append(rows.rename(columns={split: "group"}).assign(split=split))
        whole = pd.concat(parts, ignore_index=True)
        first = ["protocol", "method", "split", "group"]
        return whole[first + [name for name in whole if name not in first]]

    def headline(self) -> pd.DataFrame:
        """The table that a reader wants first: means by source and gating, one column per metric."""
        summary = self.summary()
        chosen = ["cnr", f"miou_{getattr(self.protocol, 'headline', 'clamp')}", "pointing", "auprc"]
        chosen += ["region_cnr", "region_pointing", "region_chance"]
        wide = summary.pivot_table(
            index=["phrases", "source", "gated"], columns="metric", values="mean", sort=False, dropna=False
        )
        return wide[chosen].dropna(how="all")

    def __str__(self) -> str:
        title = f"{self.method} by protocol {self.protocol}, {self.table['query'].nunique()} phrases"
        return f"{title}\n{self.headline().round(3).to_string()}{self.told()}"


def _rows(group: pd.DataFrame, resamples: int, seed: int) -> Iterator[dict[str, object]]:
    by_class = group.groupby("finding")[list(METRICS)].mean().mean()
    for metric in METRICS:
        values = group[metric].to_numpy()
        low, high = bootstrap_interval(values, resamples, seed)
        yield {
            "metric": metric,
            "mean": group[metric].mean(),
            "low": low,
            "high": high,
            "class_mean": by_class[metric],
            "n": len(values),
            "undefined": int(np.isnan(values).sum()),
            "chance": group[_CHANCE[metric]].mean() if metric in _CHANCE else np.nan,
        }


def _with_bounds(summary: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Floor and ceiling of the same phrases beside every row."""
    floors = summary[summary["source"].isin(_FLOORS)].dropna(subset="mean").sort_values("mean", kind="stable")
    best = floors.drop_duplicates(keys, keep="last")
    best = best[[*keys, "mean", "source"]].rename(columns={"mean": "floor", "source": "floor_source"})
    top = summary.loc[summary["source"] == _CEILING, [*keys, "mean"]].rename(columns={"mean": "ceiling"})
    joined = summary.merge(best, on=keys, how="left").merge(top, on=keys, how="left")
    shares = joined["metric"].isin(set(_CHANCE.values()))  # not scores: nothing to reach
    joined.loc[shares, ["floor", "floor_source", "ceiling"]] = None
    return joined
