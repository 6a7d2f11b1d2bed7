"""Probabilities against what happened: bins, calibration error, Brier score, one temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Binning = Literal["width", "mass"]
BINNINGS: tuple[Binning, ...] = ("width", "mass")
# log of the temperatures that are tried: from a hard decision to a coin
_LOG_RANGE = (-9.0, 9.0)
MAX_TEMPERATURE = float(np.exp(_LOG_RANGE[1]))


def probabilities(contrast: ArrayLike, temperature: float) -> Floats:
    """Softmax of the two similarities at a temperature > 0, from their difference: P(present), any shape."""
    from scipy.special import expit

    if not temperature > 0:
        raise MapleError(f"temperature={temperature}", "not above 0", "give a positive number")
    found: Floats = expit(np.asarray(contrast, np.float64) / temperature)
    return found


def fit_temperature(contrast: ArrayLike, labels: ArrayLike) -> float:
    """The one temperature that makes the labels most likely.

    Args:
        contrast: (K,) similarity to present minus similarity to absent.
        labels: (K,) 1 or 0.

    Returns:
        A temperature from e⁻⁹ to e⁹; at the upper end the scores are of no use and every answer is one half.

    Raises:
        MapleError: if there is nothing to fit on, or the labels hold one class only.

    Source: temperature scaling, Guo et al., ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    given, truth = np.asarray(contrast, np.float64), np.asarray(labels, np.float64)
    if not len(truth) or truth.min() == truth.max():
        raise MapleError(
            f"{len(truth)} validation labels", "hold no two classes", "give more validation studies"
        )
    signed = np.where(truth == 1, given, -given)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -signed / np.exp(log_temperature)).mean())

    # the loss has one minimum in 1 / T; a coarse look first keeps the search on its slope
    grid = np.linspace(*_LOG_RANGE, 73)
    best = int(np.argmin([loss(point) for point in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8}).x))


def bin_numbers(probability: Floats, bins: int = 15, binning: Binning = "width") -> NDArray[np.int64]:
    """(K,) the bin, 0 to ``bins - 1``, of every probability.

    Args:
        probability: (K,) in [0, 1].
        bins: how many.
        binning: ``"width"``: of equal width; ``"mass"``: of equally many cases, equal ones together.
    """
    if binning == "width":
        return np.minimum((probability * bins).astype(np.int64), bins - 1)
    first = np.searchsorted(np.sort(probability), probability, side="left")
    return first * bins // max(len(probability), 1)


def reliability_table(
    probability: ArrayLike, labels: ArrayLike, bins: int = 15, binning: Binning = "width"
) -> pd.DataFrame:
    """What was said and what happened, bin by bin.

    Args:
        probability: (K,) of the finding being present.
        labels: (K,) 1 or 0.
        bins: how many.
        binning: see ``bin_numbers``.

    Returns:
        ``bin``, ``confidence`` (mean probability), ``frequency`` (share present), ``n``; no empty bins.
    """
    import pandas as pd

    said, truth = np.asarray(probability, np.float64), np.asarray(labels, np.float64)
    table = pd.DataFrame({"bin": bin_numbers(said, bins, binning), "confidence": said, "frequency": truth})
    grouped = table.groupby("bin")
    return grouped.mean().assign(n=grouped.size()).reset_index()


@dataclass(frozen=True, slots=True)
class Calibration:
    """Errors of probabilities, from sums over studies: a resample of studies is a product of matrices.

    Attributes:
        brier: (N,) squared errors of each study, added up.
        gaps: binning -> (N, bins) probability minus label of each study, added up in every bin.
        counts: (N,) labels of each study.
    """

    brier: Floats
    gaps: dict[Binning, Floats]
    counts: Floats

    @classmethod
    def of(cls, probability: Floats, labels: NDArray[np.int8], bins: int) -> Calibration:
        """From (N, F) probabilities and labels, -1 and NaN left out."""
        known = (labels >= 0) & ~np.isnan(probability)
        study, said = known.nonzero()[0], probability[known]
        gap, N = said - labels[known], len(labels)
        gaps: dict[Binning, Floats] = {}
        for binning in BINNINGS:
            cells = study * bins + bin_numbers(said, bins, binning)
            gaps[binning] = _sums(cells, gap, N * bins).reshape(N, bins)
        return cls(_sums(study, gap**2, N), gaps, known.sum(1).astype(np.float64))

    def errors(self, weights: Floats) -> dict[str, Floats]:
        """Brier score and calibration errors, (R,) each, for (R, N) times that each study counts."""
        total = weights @ self.counts
        sums = {"brier": weights @ self.brier}
        sums |= {f"ece_{binning}": np.abs(weights @ gaps).sum(1) for binning, gaps in self.gaps.items()}
        return {
            name: np.where(total > 0, value / np.maximum(total, 1), np.nan) for name, value in sums.items()
        }


def _sums(place: NDArray[np.int64], values: Floats, count: int) -> Floats:
    """(count,) values added up place by place."""
    return np.bincount(place, values, minlength=count).astype(np.float64)
