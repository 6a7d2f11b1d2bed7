"""One case that a search found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """A found case.

    Attributes:
        study_id: which.
        score: cosine with the query, in [-1, 1]; of a region what the method compares, which may be something
            else: for MApLe-joint the chance, in [0, 1], that both show the same finding there.
        region: the region that was searched, or None for the whole image.
        findings: findings stated present in that region (anywhere, without a region).
        sentences: the sentences about that region (the whole report's stating ones, without a region).
    """

    study_id: str
    score: float
    region: str | None
    findings: tuple[str, ...]
    sentences: tuple[str, ...]
