"""Dice of every study and target, and its means with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.evaluation.probe.resampling import Floats, defined_mean, interval_95, patient_draws
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.segmentation.protocols import SegmentationProtocol

if TYPE_CHECKING:
    import pandas as pd

MACRO = "macro"
FLOORS = ("nothing", "mean mask")  # without any learning from images


@dataclass(frozen=True, eq=False)
class SegmentationResult(Result):
    """One row per source, test study and target: ``value`` (Dice), ``present`` (truth not empty).

    Sources: ``method``, and the floors ``random weights`` (the same decoder on the same architecture, nothing
    learnt before), ``nothing`` (an empty prediction) and ``mean mask`` (the mean of the training masks).
    Dice is NaN where the truth is unknown.

    Attributes:
        features: what the decoder reads: ``"image encoder"`` or ``"embedded patches"``.
    """

    features: str = "image encoder"

    def summary(self) -> pd.DataFrame:
        """Means with 95 % intervals (patients resampled), by source, target and metric.

        Metrics: ``dice`` over all test studies, ``dice_present`` over those whose truth is not empty.
        The target ``"macro"`` is the mean of the targets' means; ``floor`` is the better of ``nothing`` and
        ``mean mask``.
        """
        import pandas as pd

        rows: list[dict[str, object]] = []
        for source, group in self.table.groupby("source", sort=False):
            for metric in ("dice", "dice_present"):
                rows.extend({"source": source, "metric": metric} | row for row in self._rows(group, metric))
        table = pd.DataFrame(rows)
        floors = table[table["source"].isin(FLOORS)].groupby(["target", "metric"])["mean"].max()
        keys = pd.MultiIndex.from_frame(table[["target", "metric"]])
        table["floor"] = floors.reindex(keys).to_numpy()
        table.insert(0, "protocol", str(self.protocol))
        table.insert(1, "method", self.method)
        return table.assign(features=self.features)

    def _rows(self, group: pd.DataFrame, metric: str) -> list[dict[str, object]]:
        assert isinstance(self.protocol, SegmentationProtocol)
        values = self._matrix(group, metric)
        patients = group.groupby("row", sort=True)["patient"].first().to_numpy()
        whole = _means(values, np.ones((1, len(values))))
        draws = patient_draws(patients, self.protocol.bootstrap, self.seed)
        low, high = interval_95(np.concatenate([_means(values, weights) for weights in draws]))
        unknown = self._matrix(group, "dice")
        counts = np.append(np.isnan(unknown).sum(0), np.isnan(unknown).sum())
        defined = np.append((~np.isnan(values)).sum(0), (~np.isnan(values)).sum())
        return [
            {
                "target": target,
                "mean": whole[0, k],
                "low": low[k],
                "high": high[k],
                "n": int(defined[k]),
                "undefined": int(counts[k]),
            }
            for k, target in enumerate((*self.protocol.targets, MACRO))
        ]

    def _matrix(self, group: pd.DataFrame, metric: str) -> Floats:
        """(n, K) scores; for ``dice_present`` NaN where the truth is empty."""
        assert isinstance(self.protocol, SegmentationProtocol)
        scores = group["value"].where(group["present"]) if metric == "dice_present" else group["value"]
        wide = group.assign(score=scores).pivot(index="row", columns="target", values="score")
        matrix: Floats = wide[list(self.protocol.targets)].to_numpy(np.float64)
        return matrix

    def __str__(self) -> str:
        columns = ["source", "target", "metric", "mean", "low", "high", "floor", "n", "undefined"]
        shown = self.summary()[columns].round(3).to_string(index=False)
        return f"{self.method} by protocol {self.protocol}, on its {self.features}\n{shown}"


def _means(values: Floats, weights: Floats) -> Floats:
    """(R, K + 1) weighted means of the columns of (n, K), NaN left out, and their mean."""
    defined = (~np.isnan(values)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = (weights @ np.nan_to_num(values)) / (weights @ defined)
    return np.column_stack([means, defined_mean(means)])
