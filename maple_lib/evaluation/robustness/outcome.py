"""The result: rows by condition, and means beside those of the unchanged image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.robustness.protocol import RobustnessProtocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RobustnessResult(Result):
    """One row per query, condition and metric: its value, and what it is unperturbed.

    Attributes:
        unasked: conditions for which the studies hold no case; they count 0 in the summary.
    """

    unasked: tuple[str, ...] = ()

    def summary(self, by: Sequence[str] = ()) -> pd.DataFrame:
        """Means under each condition, with bootstrap 95 % intervals.

        Args:
            by: further columns to split by: ``"finding"``, ``"region"``.

        Returns:
            One row per condition and metric: ``mean``, ``low``, ``high``; ``unperturbed``, the mean without
            the condition, and the mean paired ``difference`` (condition minus unperturbed) with
            ``difference_low`` and ``difference_high``, NaN where nothing is compared; ``chance``; ``n`` and
            how many of them are ``undefined``.
        """
        import pandas as pd

        keys = ["condition", "metric", *by]
        head = {"protocol": str(self.protocol), "method": self.method}
        found = [
            head | dict(zip(keys, names, strict=True)) | self._row(group)
            for names, group in self.table.groupby(keys, sort=False, dropna=False)
        ]
        found += [head | {"condition": name, "n": 0, "undefined": 0} for name in self.unasked]
        return pd.DataFrame(found)

    def breakdown(self) -> pd.DataFrame:
        """The summary of all rows, then per finding and per region.

        Returns:
            As ``summary``, with columns ``split`` (``"all"``, ``"finding"``, ``"region"``) and ``group``: its
            value.
        """
        import pandas as pd

        parts = [self.summary().assign(split="all", group="all")]
        for split in ("finding", "region"):
            rows = self.summary(by=[split]).dropna(subset=[split])
            parts.append(rows.rename(columns={split: "group"}).assign(split=split))
        whole = pd.concat(parts, ignore_index=True)
        first = ["protocol", "method", "split", "group"]
        return whole[first + [name for name in whole if name not in first]]

    def _row(self, group: pd.DataFrame) -> dict[str, object]:
        assert isinstance(self.protocol, RobustnessProtocol)
        resamples = self.protocol.bootstrap
        value, difference = group["value"], group["value"] - group["unperturbed"]
        low, high = bootstrap_interval(value, resamples, self.seed)
        below, above = bootstrap_interval(difference, resamples, self.seed)
        return {
            "mean": value.mean(),
            "low": low,
            "high": high,
            "unperturbed": group["unperturbed"].mean(),
            "difference": difference.mean(),
            "difference_low": below,
            "difference_high": above,
            "chance": group["chance"].mean(),
            "n": len(group),
            "undefined": int(value.isna().sum()),
        }

    def __str__(self) -> str:
        shown = self.summary().drop(columns=["protocol", "method"]).round(3)
        return f"{self.method} by protocol {self.protocol}\n{shown.to_string(index=False)}{self.told()}"
