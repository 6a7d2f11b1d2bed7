"""Probabilities study by study, and how far they are from what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError
from maple_lib.evaluation.diagnostics.protocol import CalibrationProtocol
from maple_lib.evaluation.diagnostics.reliability import (
    BINNINGS,
    MAX_TEMPERATURE,
    Calibration,
    Floats,
    reliability_table,
)
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.zero_shot.rates import resample_weights

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CalibrationResult(Result):
    """One row per ``scaling``, ``finding`` and ``study_id``: ``label`` and ``probability``.

    Attributes:
        temperatures: of scaling ``"before"``, and of ``"after"`` where there were validation studies.
    """

    temperatures: tuple[tuple[str, float], ...] = ()

    def reliability(self, finding: str | None = None) -> pd.DataFrame:
        """What was said and what happened, bin by bin.

        Args:
            finding: one alone; None for all together.

        Returns:
            Columns ``scaling``, ``binning``, ``bin``, ``confidence``, ``frequency``, ``n``.
        """
        import pandas as pd

        rows = self.table[self.table["label"] >= 0]
        if finding is not None:
            rows = rows[rows["finding"] == finding]
        if not len(rows):
            asked = ", ".join(self.table["finding"].unique())
            raise MapleError(f"finding {finding!r}", "has no known label here", f"asked for were: {asked}")
        bins = self._bins
        tables = [
            reliability_table(part["probability"], part["label"], bins, binning).assign(
                scaling=scaling, binning=binning
            )
            for scaling, part in rows.groupby("scaling", sort=False)
            for binning in BINNINGS
        ]
        columns = ["scaling", "binning", "bin", "confidence", "frequency", "n"]
        return pd.concat(tables, ignore_index=True)[columns]

    def summary(self) -> pd.DataFrame:
        """Brier score and expected calibration error of every finding, and of all together (``"all"``).

        Returns:
            One row per scaling, finding and metric (``brier``, ``ece_width``, ``ece_mass``): ``temperature``,
            ``mean``, ``low``, ``high`` (bootstrap 95 % over studies, bins kept), ``n`` known labels,
            ``undefined`` (1 where there are fewer positives or negatives than the protocol asks for), and
            ``floor``: what the same probability for everybody, the prevalence, reaches. Resampling adds noise
            to a calibration error, which cannot be negative, so that its interval lies a little high.
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def __str__(self) -> str:
        wide = self.summary().pivot_table(
            index="finding", columns=["scaling", "metric"], values="mean", sort=False, dropna=False
        )
        at = ", ".join(f"{scaling} {value:.4g}" for scaling, value in self.temperatures)
        lines = [f"{self.method} by protocol {self.protocol}, temperature {at}", wide.round(3).to_string()]
        if self.flattened:
            lines.append("no temperature helps: the best one makes every answer one half")
        return "\n".join(lines)

    @property
    def flattened(self) -> bool:
        """True where the fitted temperature is the highest there is.

        A temperature changes how sure the answers are, not where yes begins: where most findings are rare and
        the similarities to present and absent lie level, none makes them right.
        """
        return dict(self.temperatures).get("after", 0.0) > 0.9 * MAX_TEMPERATURE

    @property
    def _bins(self) -> int:
        assert isinstance(self.protocol, CalibrationProtocol)
        return self.protocol.bins

    def _rows(self) -> Iterator[dict[str, object]]:
        assert isinstance(self.protocol, CalibrationProtocol)
        findings = self.table["finding"].unique()
        shape = len(self.temperatures), len(findings), -1
        labels = self.table["label"].to_numpy(np.int8).reshape(shape)[0].T
        weights = resample_weights(len(labels), self.protocol.bootstrap, np.random.default_rng(self.seed))
        said = self.table["probability"].to_numpy(np.float64).reshape(shape)
        for (scaling, temperature), probability in zip(self.temperatures, said, strict=True):
            facts = {
                "protocol": str(self.protocol),
                "method": self.method,
                "scaling": scaling,
                "temperature": temperature,
            }
            parts = [("all", slice(None)), *((name, slice(i, i + 1)) for i, name in enumerate(findings))]
            for finding, columns in parts:
                yield from (
                    facts | {"finding": finding} | row
                    for row in self._errors(probability.T[:, columns], labels[:, columns], weights)
                )

    def _errors(
        self, probability: Floats, labels: NDArray[np.int8], weights: Floats
    ) -> Iterator[dict[str, object]]:
        positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
        n = positives + negatives
        defined = min(positives, negatives) >= getattr(self.protocol, "minimum", 1)
        floors = {"brier": positives * negatives / max(n, 1) ** 2, "ece_width": 0.0, "ece_mass": 0.0}
        sums = Calibration.of(probability, labels, self._bins)
        point, drawn = sums.errors(np.ones((1, len(labels)))), sums.errors(weights)
        for metric, value in point.items():
            some = drawn[metric][~np.isnan(drawn[metric])]
            low, high = np.quantile(some, [0.025, 0.975]) if defined and len(some) else (np.nan, np.nan)
            row = {"metric": metric, "mean": value[0] if defined else np.nan, "low": low, "high": high}
            yield row | {"floor": floors[metric], "n": n, "undefined": int(not defined)}
