"""What a probe gives: AUC of every finding and of their mean, by source and share of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.evaluation.result import Result

if TYPE_CHECKING:
    import pandas as pd

MACRO = "macro"


@dataclass(frozen=True, eq=False)
class ProbeResult(Result):
    """One row per source, share and finding; the finding ``"macro"`` is the mean of the defined ones.

    Sources: ``method``, and the floors ``random weights`` (the same architecture, nothing learnt before) and
    ``prevalence`` (every study gets the same score). A ceiling is not known.

    Columns: ``value`` with ``low`` and ``high`` (95 %, patients resampled), ``chance``, ``n`` known test
    labels and ``positives`` among them, ``undefined`` findings (one class only), ``train_studies`` and
    ``train_positives`` of the share, ``best_epoch``.

    Attributes:
        features: what the linear layer reads: ``"image encoder"`` or ``"embedded patches"``.
    """

    features: str = "image encoder"

    def summary(self, by_finding: bool = False) -> pd.DataFrame:
        """The macro AUC of every source and share with its 95 % interval.

        Args:
            by_finding: the findings' own rows too.
        """
        table = self.table if by_finding else self.table[self.table["finding"] == MACRO]
        named = table.rename(columns={"value": "mean"}).reset_index(drop=True)
        named.insert(0, "protocol", str(self.protocol))
        named.insert(1, "method", self.method)
        return named.assign(features=self.features)

    def __str__(self) -> str:
        columns = ["source", "share", "metric", "mean", "low", "high", "chance", "n", "undefined"]
        shown = self.summary()[columns].round(3).to_string(index=False)
        return f"{self.method} by protocol {self.protocol}, on its {self.features}\n{shown}"
