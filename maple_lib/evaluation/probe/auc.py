"""Area under the ROC curve, of the cases as they are and of many resamples at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maple_lib.evaluation.probe.resampling import Floats, defined_mean, interval_95, patient_draws


def weighted_auc(present: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats) -> Floats:
    """Chance that a present case scores above an absent one, ties counting one half.

    Args:
        present: (N,) bool.
        scores: (N,) higher is more likely present.
        weights: (R, N) how often each case counts, for R resamples.

    Returns:
        (R,); NaN where only one class has weight.
    """
    order = np.argsort(scores, kind="stable")
    ranked, total = scores[order], np.zeros(len(weights))
    if not len(ranked):
        return total * np.nan
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])  # equal scores are one group
    positive = np.add.reduceat((weights * present)[:, order], starts, axis=1)
    negative = np.add.reduceat((weights * ~present)[:, order], starts, axis=1)
    below = negative.cumsum(axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = (positive * below).sum(axis=1) / pairs
    return np.where(pairs > 0, found, np.nan)


def auc_table(
    present: NDArray[np.bool_],
    known: NDArray[np.bool_],
    scores: NDArray[np.floating],
    patients: NDArray[np.intp],
    resamples: int,
    seed: int,
) -> Floats:
    """AUC of every finding and of their mean, with 95 % intervals by resampling patients.

    Args:
        present: (N, F) bool.
        known: (N, F) bool; cases that are not known do not count.
        scores: (N, F).
        patients: (N,) number of each case's patient: the cases of one are drawn together.
        resamples: number of resamples.
        seed: of the resamples; they are the same for every finding.

    Returns:
        (F + 1, 3) value, low, high; the last row is the mean of the defined findings. NaN where a finding
        has only one class.
    """
    whole = _columns(present, known, scores, np.ones((1, len(scores))))
    drawn = [_columns(present, known, scores, w) for w in patient_draws(patients, resamples, seed)]
    table = np.concatenate(drawn, axis=0)
    table[:, np.isnan(whole[0])] = np.nan
    values = np.concatenate([whole, table])
    with_mean = np.column_stack([values, defined_mean(values)])
    low, high = interval_95(with_mean[1:])
    return np.column_stack([with_mean[0], low, high])


def _columns(
    present: NDArray[np.bool_], known: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats
) -> Floats:
    """(R, F) AUC of every finding under every resample."""
    columns = range(scores.shape[1])
    return np.column_stack(
        [weighted_auc(present[:, f], scores[:, f], weights * known[:, f]) for f in columns]
    )
