"""Scores against yes and no: AUC, average precision, rates at a threshold; of many resamples at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maple_lib.errors import MapleError

Floats = NDArray[np.float64]
RANKED = ("auc", "average_precision")
RATES = ("accuracy", "f1", "sensitivity", "specificity", "ppv", "npv", "one_point_auc")
METRICS = (*RANKED, *RATES)


def binary_metrics(
    labels: ArrayLike, scores: ArrayLike, threshold: float | None = None, weights: Floats | None = None
) -> dict[str, Floats]:
    """Score one finding, in R resamples at once and without a loop over them.

    Args:
        labels: (N,) 1 or 0.
        scores: (N,) higher is more likely present; ties count half in the AUC.
        threshold: a score from which a finding counts as found; None leaves out the rates.
        weights: (R, N) how often each case counts; None for once, R = 1.

    Returns:
        Of ``METRICS`` each (R,). NaN is undefined: all ranks and ``one_point_auc`` without both classes,
        ``ppv`` where nothing is found, ``npv`` where everything is, ``f1`` where nothing is found nor there
        to find; all rates where the threshold is NaN.

    Raises:
        MapleError: if shapes disagree, a score is NaN, or a label is neither 1 nor 0.

    Source: AUC as the probability that a positive outranks a negative (Hanley and McNeil, 1982); average
    precision without interpolation, as scikit-learn's.
    """
    truth, given = _check(labels, scores)
    times = np.ones((1, len(truth))) if weights is None else np.asarray(weights, np.float64)
    found = _ranked(truth, given, times)
    if threshold is not None:
        found |= _rates(truth, given, times, threshold)
    return found


def best_threshold(
    labels: ArrayLike, scores: ArrayLike, maximise: Literal["f1", "one_point_auc"] = "f1"
) -> float:
    """The threshold that is best on these cases, half-way to the next lower score; the highest of several.

    Returns:
        A threshold, to be met or exceeded; NaN without both classes.
    """
    truth, given = _check(labels, scores)
    if truth.all() or not truth.any():
        return float("nan")
    levels = np.unique(given)[::-1]
    order = np.argsort(-given, kind="stable")
    ends = np.searchsorted(-given[order], -levels, side="right") - 1
    hits = truth[order].cumsum()[ends]
    found, positives, negatives = ends + 1, truth.sum(), (~truth).sum()
    if maximise == "f1":
        quality = 2 * hits / (found + positives)
    else:
        quality = hits / positives - (found - hits) / negatives
    best = int(quality.argmax())
    return float(levels[best] if best + 1 == len(levels) else (levels[best] + levels[best + 1]) / 2)


def resample_weights(n: int, resamples: int, rng: np.random.Generator) -> Floats:
    """(R, n) how often each of n cases is drawn, with replacement, in each of R resamples."""
    picks = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(picks.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def _check(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    truth, given = np.asarray(labels), np.asarray(scores, np.float64)
    if truth.shape != given.shape or truth.ndim != 1:
        raise MapleError(
            f"labels {truth.shape}, scores {given.shape}",
            "expected two (N,) arrays",
            "give one of each per case",
        )
    if np.isnan(given).any():
        raise MapleError(
            "scores", f"{np.isnan(given).sum()} of {len(given)} are NaN", "leave those cases out"
        )
    if not np.isin(truth, (0, 1)).all():
        raise MapleError("labels", "hold something else than 1 and 0", "leave uncertain cases out")
    return truth.astype(bool), given


def _ranked(truth: NDArray[np.bool_], scores: Floats, times: Floats) -> dict[str, Floats]:
    """AUC and average precision from the counts of each level of the score, highest first."""
    if not len(truth):
        return {name: np.full(len(times), np.nan) for name in RANKED}
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    sorted_times = times[:, order]
    positive = np.add.reduceat(sorted_times * truth[order], starts, axis=1)
    negative = np.add.reduceat(sorted_times * ~truth[order], starts, axis=1)
    hits, misses = positive.cumsum(1), negative.cumsum(1)
    P, N = hits[:, -1], misses[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        outranked = (positive * (N[:, None] - misses + negative / 2)).sum(1) / (P * N)
        precision = hits / np.maximum(hits + misses, 1)
        average = (positive * precision).sum(1) / P
    both = (P > 0) & (N > 0)
    return {"auc": np.where(both, outranked, np.nan), "average_precision": np.where(both, average, np.nan)}


def _rates(truth: NDArray[np.bool_], scores: Floats, times: Floats, threshold: float) -> dict[str, Floats]:
    if np.isnan(threshold):
        return {name: np.full(len(times), np.nan) for name in RATES}
    found = scores >= threshold
    cases = np.stack([truth & found, ~truth & found, ~truth & ~found, truth & ~found], axis=1)
    tp, fp, tn, fn = (times @ cases).T
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
        return {
            "accuracy": (tp + tn) / times.sum(1),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "sensitivity": sensitivity,
            "specificity": specificity,
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "one_point_auc": (sensitivity + specificity) / 2,
        }
