"""95 % intervals of a mean by resampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

Interval = tuple[float, float]


def bootstrap_interval(values: ArrayLike, resamples: int = 1000, seed: int = 0) -> Interval:
    """Percentile bootstrap interval of the mean, 95 %.

    Args:
        values: (N,) scores; NaN (undefined) ones are left out.
        resamples: number of resamples.
        seed: of the resampling; the same values give the same interval.

    Returns:
        (low, high); both NaN without any value. Infinite scores make the interval infinite or NaN.
    """
    scores = np.asarray(values, np.float64)
    scores = scores[~np.isnan(scores)]
    if not len(scores):
        return float("nan"), float("nan")
    picks = np.random.default_rng(seed).integers(len(scores), size=(resamples, len(scores)))
    with np.errstate(invalid="ignore"):
        means = scores[picks].mean(axis=1)
        # An infinite score makes some means NaN; looking for them is slow where there are none.
        quantile = np.nanquantile if np.isnan(means).any() else np.quantile
        low, high = quantile(means, [0.025, 0.975])
    return float(low), float(high)
