"""What phantoms can show, where, and how large; and the errors for what they cannot."""

from __future__ import annotations

from collections.abc import Mapping

from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.errors import MapleError

DIFFICULTIES = ("easy", "realistic", "hard")
Correlations = Mapping[str, Mapping[str, float]]
Wanted = str | tuple[str, str] | PlannedFinding


def _both(*places: str) -> tuple[str, ...]:
    return tuple(f"{side} {place}" for place in places for side in ("right", "left"))


_ZONES = _both("upper lung zone", "mid lung zone", "lower lung zone")
PLACES: dict[str, tuple[str, ...]] = {
    "opacity": _ZONES,
    "consolidation": _ZONES,
    "nodule": _ZONES,
    "mass": _ZONES,
    "pleural effusion": _both("costophrenic angle"),
    "pneumothorax": _both("apical zone"),
    "atelectasis": _both("mid lung zone", "lower lung zone"),
    "edema": _both("lung"),
    "hyperinflation": _both("lung"),
    "cardiomegaly": ("cardiac silhouette",),
    "pacemaker": _both("upper lung zone"),
    "tube": ("trachea",),
    "line": ("svc", "cavoatrial junction", "right atrium"),
    "calcification": ("aortic arch", *_both("hilar structures", "upper lung zone")),
    "fracture": _both("lung", "clavicle"),
    "hernia": ("mediastinum",),
    "scar": _both("apical zone", "upper lung zone"),
    "elevated hemidiaphragm": _both("hemidiaphragm"),
}
PAIRED = ("edema", "hyperinflation")  # drawn in both lungs, counted once
MEASURED: dict[str, tuple[float, float]] = {"nodule": (5.0, 30.0), "mass": (30.0, 90.0)}  # mm on the detector


def check_difficulty(difficulty: str) -> None:
    """Raise a MapleError unless the difficulty is known."""
    if difficulty not in DIFFICULTIES:
        raise MapleError(
            f"difficulty={difficulty!r}", "not a difficulty", f"use one of {', '.join(DIFFICULTIES)}"
        )


def check_correlations(correlations: Correlations | None) -> None:
    """Raise a MapleError unless all findings are drawable and all probabilities lie in [0, 1]."""
    for first, seconds in (correlations or {}).items():
        check_finding(first)
        for second, probability in seconds.items():
            check_finding(second)
            if not 0.0 <= probability <= 1.0:
                subject = f"correlations[{first!r}][{second!r}]={probability}"
                raise MapleError(subject, "not a probability", "give a number from 0 to 1")


def check_finding(name: str) -> None:
    """Raise a MapleError unless the phantom can draw a finding of that name."""
    if name not in PLACES:
        raise MapleError(f"finding {name!r}", "the phantom cannot draw it", f"it draws: {', '.join(PLACES)}")


def check_place(name: str, region: str) -> None:
    """Raise a MapleError unless the phantom can draw the finding in that region."""
    check_finding(name)
    if region not in PLACES[name]:
        raise MapleError(
            f"finding ({name!r}, {region!r})",
            "the phantom cannot draw it there",
            f"it can in: {', '.join(PLACES[name])}",
        )


def check_planned(planned: PlannedFinding) -> PlannedFinding:
    """The planned finding itself, or a MapleError if its place, severity or size cannot be drawn."""
    check_place(planned.finding, planned.region)
    if not 0.0 <= planned.severity <= 1.0:
        raise MapleError(f"severity={planned.severity} of {planned.finding}", "out of range", "give 0 to 1")
    if planned.size_mm is None:
        return planned
    if planned.finding not in MEASURED:
        raise MapleError(
            f"size_mm={planned.size_mm} of {planned.finding}", "it has no size", "leave size_mm out"
        )
    low, high = MEASURED[planned.finding]
    if not low <= planned.size_mm <= high:
        raise MapleError(
            f"size_mm={planned.size_mm} of {planned.finding}", "out of range", f"give {low} to {high}"
        )
    return planned
