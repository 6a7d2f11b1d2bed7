"""Results of searches: one row per query and metric, chance beside every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RankingResult(Result):
    """One row per query, direction and metric, with the chance of each.

    Attributes:
        splits: columns by which ``breakdown`` splits the numbers.
    """

    splits: ClassVar[tuple[str, ...]] = ()

    def summary(self, by: Sequence[str] = ()) -> pd.DataFrame:
        """Mean, bootstrap 95 % interval and chance of every metric, by direction.

        Args:
            by: further columns of the table to split by.
        """
        import pandas as pd

        keys = ["direction", *by, "metric"]
        resamples: int = getattr(self.protocol, "bootstrap")  # noqa: B009
        rows: list[dict[str, object]] = []
        for names, group in self.table.groupby(keys, sort=False):
            low, high = bootstrap_interval(group["value"], resamples, self.seed)
            facts = {"protocol": str(self.protocol), "method": self.method}
            rows.append(
                {
                    **facts,
                    **dict(zip(keys, names, strict=True)),
                    "mean": group["value"].mean(),
                    "low": low,
                    "high": high,
                    "chance": group["chance"].mean(),
                    "n": len(group),
                    "undefined": int(group["value"].isna().sum()),
                }
            )
        return pd.DataFrame(rows)

    def breakdown(self) -> pd.DataFrame:
        """The summary of all queries, then split by each of ``splits``: columns ``split`` and ``group``."""
        import pandas as pd

        parts = [self.summary().assign(split="all", group="all")]
        for split in self.splits:
            rows = self.summary(by=[split])
            parts.append(rows.rename(columns={split: "group"}).assign(split=split))
        return pd.concat(parts, ignore_index=True)

    def __str__(self) -> str:
        title = f"{self.method} by protocol {self.protocol}"
        return f"{title}\n{self.summary().round(3).to_string(index=False)}{self.told()}"
