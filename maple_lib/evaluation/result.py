"""Results as tidy tables, with the protocol printed beside every number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.errors import MapleError
from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.protocols import GroundingProtocol, Protocol

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


@dataclass(frozen=True, eq=False)
class Result:
    """What an evaluation gives.

    Attributes:
        protocol: by which the numbers were made.
        method: name of what was evaluated.
        table: tidy, one row per scored thing.
        seed: of everything random in the evaluation.
    """

    protocol: Protocol
    method: str
    table: pd.DataFrame
    seed: int = 0

    def save(self, path: str | Path) -> Path:
        """Write the table as ``.parquet`` or ``.csv``, with the protocol and the method as columns.

        Raises:
            MapleError: for any other ending.
        """
        target = Path(path)
        table = self.table.assign(protocol=str(self.protocol), method=self.method, seed=self.seed)
        if target.suffix == ".parquet":
            table.to_parquet(target, index=False)
        elif target.suffix == ".csv":
            table.to_csv(target, index=False)
        else:
            raise MapleError(target, "unknown ending", "use .parquet or .csv")
        return target

    def __str__(self) -> str:
        return f"{self.method} by protocol {self.protocol}\n{self.table.round(3).to_string(index=False)}"


@dataclass(frozen=True, eq=False)
class GroundingResult(Result):
    """Grounding scores, one row per query, source (the method, a floor, the oracle) and gating."""

    def summary(self, by: Sequence[str] = ()) -> pd.DataFrame:
        """Means with bootstrap 95 % intervals over queries.

        Args:
            by: further columns to split by: ``"finding"``, ``"region"``.

        Returns:
            One row per source, gating, kind of phrase (``by``) and metric: ``mean``, ``low``, ``high``,
            ``class_mean`` (the mean of the findings' means), ``n`` queries, ``undefined`` ones among them.
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
        return pd.DataFrame(rows)

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
        return f"{title}\n{self.headline().round(3).to_string()}"


def _rows(group: pd.DataFrame, resamples: int, seed: int) -> Iterator[dict[str, object]]:
    for metric in METRICS:
        values = group[metric]
        low, high = bootstrap_interval(values, resamples, seed)
        yield {
            "metric": metric,
            "mean": values.mean(),
            "low": low,
            "high": high,
            "class_mean": values.groupby(group["finding"]).mean().mean(),
            "n": len(values),
            "undefined": int(values.isna().sum()),
        }
