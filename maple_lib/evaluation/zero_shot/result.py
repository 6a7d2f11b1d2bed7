"""Zero-shot scores as a tidy table, and what they come to: finding by finding, and their mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.evaluation.result import Result
from maple_lib.evaluation.zero_shot.protocol import CodebookProtocol, ZeroShotProtocol
from maple_lib.evaluation.zero_shot.rates import (
    METRICS,
    RANKED,
    RATES,
    Floats,
    binary_metrics,
    resample_weights,
)

if TYPE_CHECKING:
    import pandas as pd

_CELLS = 1 << 22  # of a block of resamples
Metrics = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class ZeroShotResult(Result):
    """One row per ``finding`` and ``study_id``: ``label`` (-1 not known), ``score`` and ``threshold``.

    A score of NaN is a finding that the method does not know, a threshold of NaN one that none could choose.
    """

    @cached_property
    def findings(self) -> tuple[str, ...]:
        """The findings that were asked for."""
        return tuple(self.table["finding"].unique())

    @cached_property
    def not_learned(self) -> tuple[str, ...]:
        """The findings that the method cannot tell: those whose AUC lies below the protocol's bar."""
        assert isinstance(self.protocol, ZeroShotProtocol | CodebookProtocol)
        auc = self._measure(None)["auc"][0]
        return tuple(
            f for f, value in zip(self.findings, auc, strict=True) if value < self.protocol.not_learned_below
        )

    def summary(self) -> pd.DataFrame:
        """Metrics of every finding, and their mean over the defined ones as finding ``"macro"``.

        Returns:
            One row per finding and metric: ``mean``, ``low``, ``high`` (bootstrap 95 % over studies, the same
            resamples for all findings), ``chance``, ``n`` studies whose label is known, ``positives`` among
            them, and ``undefined``: 1 where the value is, for ``"macro"`` how many are.
        """
        return self._summary.copy()

    def headline(self) -> pd.DataFrame:
        """One row per finding, one column per metric: the values alone."""
        wide = self.summary().pivot_table(
            index="finding", columns="metric", values="mean", sort=False, dropna=False
        )
        return wide.dropna(axis=1, how="all")

    def __str__(self) -> str:
        title = f"{self.method} by protocol {self.protocol}"
        if getattr(self.protocol, "threshold", None) == "oracle_threshold":
            title += "\nthresholds chosen on the scored studies themselves (oracle_threshold)"
        macro = self._summary[self._summary["finding"] == "macro"].dropna(subset="mean")
        spread = [f"{r.metric} {r.mean:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in macro.itertuples()]
        lines = [title, self.headline().round(3).to_string(), "macro: " + ", ".join(spread)]
        if self.not_learned:
            bar = getattr(self.protocol, "not_learned_below", None)
            lines.append(f"not learned (AUC < {bar}): {', '.join(self.not_learned)}")
        return "\n".join(lines)

    @cached_property
    def _summary(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, object]]:
        facts = {"protocol": str(self.protocol), "method": self.method}
        value, drawn = self._measure(None), self._bootstrap()
        known, positives = (self._labels >= 0).sum(1), (self._labels == 1).sum(1)
        floors = _chance(positives / np.maximum(known, 1))
        for name in value:
            point = value[name][0]
            low, high = _interval(drawn[name])
            counts = zip(point, low, high, floors[name], known, positives, strict=True)
            for finding, (mean, lowest, highest, chance, n, p) in zip(self.findings, counts, strict=True):
                row = {"finding": finding, "metric": name, "mean": mean, "low": lowest, "high": highest}
                yield (
                    facts | row | {"chance": chance, "n": n, "positives": p, "undefined": int(np.isnan(mean))}
                )
            defined = ~np.isnan(point)
            low, high = _interval(_mean(drawn[name][:, defined])[:, None])
            row = {"finding": "macro", "metric": name, "mean": _mean(point[None])[0], "low": low[0]}
            floor = _mean(floors[name][defined][None])[0]
            counts_of = {"n": int((self._labels >= 0).any(0).sum()), "positives": int(positives.sum())}
            yield (
                facts
                | row
                | {"high": high[0], "chance": floor}
                | counts_of
                | {"undefined": int((~defined).sum())}
            )

    @cached_property
    def _metrics(self) -> tuple[str, ...]:
        """The rates too where there is a threshold."""
        return RANKED if self.table["threshold"].isna().all() else METRICS

    @cached_property
    def _labels(self) -> NDArray[np.int8]:
        """(F, N)."""
        labels: NDArray[np.int8] = self.table["label"].to_numpy(np.int8).reshape(len(self.findings), -1)
        return labels

    def _measure(self, weights: Floats | None) -> Metrics:
        """Of every metric (R, F)."""
        scores = self.table["score"].to_numpy(np.float64).reshape(self._labels.shape)
        thresholds = self.table["threshold"].to_numpy(np.float64).reshape(self._labels.shape)[:, 0]
        columns = [
            self._finding(labels, score, threshold, weights)
            for labels, score, threshold in zip(self._labels, scores, thresholds, strict=True)
        ]
        return {name: np.stack([column[name] for column in columns], axis=1) for name in self._metrics}

    def _finding(
        self, labels: NDArray[np.int8], scores: Floats, threshold: float, weights: Floats | None
    ) -> Metrics:
        known = labels >= 0
        fewest = min((labels == 1).sum(), (labels == 0).sum())
        if np.isnan(scores[known]).any() or fewest < max(1, getattr(self.protocol, "minimum", 1)):
            rounds = 1 if weights is None else len(weights)
            return {name: np.full(rounds, np.nan) for name in self._metrics}
        times = None if weights is None else weights[:, known]
        return binary_metrics(labels[known], scores[known], threshold, times)

    def _bootstrap(self) -> Metrics:
        """Of every metric (resamples, F), resampled in blocks that fit into memory."""
        rng, n = np.random.default_rng(self.seed), self._labels.shape[1]
        left: int = getattr(self.protocol, "bootstrap", 0)
        block, parts = max(1, _CELLS // n), []
        while left > 0:
            parts.append(self._measure(resample_weights(n, min(block, left), rng)))
            left -= block
        empty = np.full((1, len(self.findings)), np.nan)
        return {name: np.concatenate([part[name] for part in parts] or [empty]) for name in self._metrics}


def _chance(prevalence: Floats) -> Metrics:
    """What no knowledge reaches: a coin's ranks, always the same answer; NaN where it depends."""
    floors = {name: np.full(len(prevalence), np.nan) for name in RATES}
    half = np.full(len(prevalence), 0.5)
    floors |= {"auc": half, "one_point_auc": half, "average_precision": prevalence}
    return floors | {"accuracy": np.maximum(prevalence, 1 - prevalence)}


def _mean(values: Floats) -> Floats:
    """(R,) means of the rows of (R, F), NaN left out; NaN where nothing is left."""
    counts = (~np.isnan(values)).sum(1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _interval(values: Floats) -> tuple[Floats, Floats]:
    """(F,) limits of the middle 95 % of (R, F), NaN left out."""
    low, high = (np.full(values.shape[1], np.nan) for _ in range(2))
    some = ~np.isnan(values).all(0)
    if some.any():
        low[some], high[some] = np.nanquantile(values[:, some], [0.025, 0.975], axis=0)
    return low, high
