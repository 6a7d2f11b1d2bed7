"""Resampled patients: the draws behind every 95 % interval of this room."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS = 1 << 22  # draws held at a time


def patient_draws(patients: NDArray[np.intp], resamples: int, seed: int) -> Iterator[Floats]:
    """Draw as many patients as there are, with replacement, again and again.

    Args:
        patients: (N,) number of each case's patient: the cases of one are drawn together.
        resamples: R, how many times.
        seed: the same seed gives the same draws.

    Yields:
        Blocks (R', N) of how often each case is drawn.
    """
    rng = np.random.default_rng(seed)
    number = np.unique(patients, return_inverse=True)[1]
    count = number.max() + 1
    rows = max(1, _CELLS // len(number))
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        yield rng.multinomial(count, np.full(count, 1 / count), size=size)[:, number].astype(np.float64)


def defined_mean(values: Floats) -> Floats:
    """(R,) mean of the columns of (R, F) that are not NaN; NaN where none is."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(defined, values, 0).sum(1) / defined.sum(1)
    return mean


def interval_95(draws: Floats) -> tuple[Floats, Floats]:
    """2.5 % and 97.5 % quantiles (K,) of every column of (R, K), NaN left out; NaN where nothing else is."""
    bounds = np.full((2, draws.shape[1]), np.nan)
    for column, values in enumerate(draws.T):
        defined = values[~np.isnan(values)]
        if len(defined):
            bounds[:, column] = np.quantile(defined, [0.025, 0.975])
    return bounds[0], bounds[1]
