"""Ranked candidates: R@K, P@K and average precision from a matrix of scores, and what chance gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_CELLS = 1 << 22


def rank_metrics(
    scores: NDArray[np.floating], relevant: Bools, ks: Sequence[int] = (1, 5, 10), among: Bools | None = None
) -> dict[str, Floats]:
    """Score the rankings of all queries.

    Args:
        scores: (Q, G) similarity of every query with every candidate; higher is better.
        relevant: (Q, G) bool, True where the candidate is right.
        ks: cut-offs, each at least 1.
        among: (Q, G) bool, which candidates may be found at all (not the query itself); None for all.

    Returns:
        ``R@K`` (1 where a right candidate is among the first K), ``P@K`` (share of right ones among the
        first K, or among all candidates where there are fewer than K) and ``AP``, each (Q,);
        NaN for a query without any right candidate.

    Raises:
        MapleError: if the shapes disagree or the scores hold NaN.
    """
    among = _check(scores, relevant, among)
    rows = max(1, _CELLS // max(1, scores.shape[1]))
    parts = [
        _block(scores[i : i + rows], relevant[i : i + rows], among[i : i + rows], ks)
        for i in range(0, len(scores), rows)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def chance_metrics(
    relevant: Bools, ks: Sequence[int] = (1, 5, 10), among: Bools | None = None
) -> dict[str, Floats]:
    """The expectation of the same metrics under a random order of the candidates: exact, without drawing.

    Returns:
        As ``rank_metrics``. E[AP] = (Hₙ + (m - 1)/(n - 1) · (n - Hₙ)) / n for m right ones among n
        candidates, Hₙ the n-th harmonic number.
    """
    among = np.ones_like(relevant) if among is None else among
    n = among.sum(axis=1).astype(np.float64)
    m = (relevant & among).sum(axis=1).astype(np.float64)
    found: dict[str, Floats] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in ks:
            drawn = np.arange(k)[:, None]
            # no right one in k draws without replacement
            missed = np.clip((n - m - drawn) / np.maximum(n - drawn, 1), 0, 1).prod(axis=0)
            found[f"R@{k}"], found[f"P@{k}"] = 1 - missed, m / n
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, relevant.shape[1] + 1))])[n.astype(int)]
        found["AP"] = (harmonic + (m - 1) / np.maximum(n - 1, 1) * (n - harmonic)) / n
    return {name: np.where(m > 0, values, np.nan) for name, values in found.items()}


def _check(scores: NDArray[np.floating], relevant: Bools, among: Bools | None) -> Bools:
    candidates = np.ones(relevant.shape, bool) if among is None else among
    if scores.shape != relevant.shape or scores.shape != candidates.shape or scores.ndim != 2:
        raise MapleError(
            f"scores {scores.shape}, relevant {relevant.shape}, among {candidates.shape}",
            "expected three (Q, G) matrices of one shape",
            "give one row per query, one column per candidate",
        )
    if not len(scores):
        raise MapleError("scores (0, G)", "no query", "give at least one")
    if np.isnan(scores[candidates]).any():
        raise MapleError("scores", "hold NaN", "check the embeddings: a zero vector has no direction")
    return candidates


def _block(
    scores: NDArray[np.floating], relevant: Bools, among: Bools, ks: Sequence[int]
) -> dict[str, Floats]:
    order = np.argsort(-np.where(among, scores, -np.inf), axis=1, kind="stable")
    right = np.take_along_axis(relevant & among, order, axis=1)
    count, total = among.sum(axis=1), right.sum(axis=1)
    hits = right.cumsum(axis=1)
    ranks = np.arange(1, scores.shape[1] + 1)
    found: dict[str, Floats] = {}
    for k in ks:
        first = hits[:, min(k, scores.shape[1]) - 1]
        found[f"R@{k}"] = (first > 0).astype(np.float64)
        found[f"P@{k}"] = first / np.maximum(np.minimum(k, count), 1)
    found["AP"] = (right * hits / ranks).sum(axis=1) / np.maximum(total, 1)
    return {name: np.where(total > 0, values, np.nan) for name, values in found.items()}
