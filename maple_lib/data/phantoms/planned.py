"""What the phantom is asked to draw and to report: one planned finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannedFinding:
    """A finding to draw and to report.

    Attributes:
        finding: canonical finding name.
        region: region name of the vocabulary where it lies.
        severity: in [0, 1]; 0 is just visible, 1 is gross.
        size_mm: its diameter for findings that reports measure (nodule, mass), else None.
    """

    finding: str
    region: str
    severity: float
    size_mm: float | None = None
