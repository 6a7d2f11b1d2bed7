"""Where a finding lies when its words do not say, and what may not be denied beside it.

The reports' truth follows the words: "left effusion" names a side only and then means the finding's
usual region on that side; "no effusion" denies both sides.
"""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.fragment import Regions
from maple_lib.data.phantoms.grammar.places import SIDES

_USUAL_KIND: dict[str, str] = {
    "pleural effusion": "costophrenic angle",
    "blunting": "costophrenic angle",
    "pacemaker": "upper lung zone",
    "elevated hemidiaphragm": "hemidiaphragm",
}
_USUAL_MIDLINE: dict[str, str] = {
    "cardiomegaly": "cardiac silhouette",
    "enlarged cardiomediastinum": "mediastinum",
    "pneumomediastinum": "mediastinum",
    "hernia": "mediastinum",
    "line": "svc",
    "pneumoperitoneum": "abdomen",
}
# Region kinds in which each finding can be planned; "" stands for the finding's one midline region.
_ZONES = ("upper lung zone", "mid lung zone", "lower lung zone")
PLANNED_KINDS: dict[str, tuple[str, ...]] = {
    "opacity": (*_ZONES, "lung"),
    "consolidation": (*_ZONES, "lung"),
    "nodule": (*_ZONES, "lung"),
    "mass": (*_ZONES, "lung"),
    "atelectasis": (*_ZONES, "lung"),
    "pleural effusion": ("costophrenic angle",),
    "pneumothorax": ("apical zone", "lung"),
    "edema": ("lung",),
    "hyperinflation": ("lung",),
    "cardiomegaly": ("cardiac silhouette",),
    "pacemaker": ("upper lung zone",),
    "tube": ("trachea",),
    "line": ("svc", "cavoatrial junction", "right atrium"),
    "calcification": ("aortic arch", "hilar structures", "upper lung zone"),
    "fracture": ("lung", "clavicle"),
    "hernia": ("mediastinum",),
    "scar": ("apical zone", "upper lung zone"),
    "elevated hemidiaphragm": ("hemidiaphragm",),
}
DEVICES = frozenset({"pacemaker", "tube", "line"})
# Findings that an image shows and a claim of clear lungs, or of no opacity, would contradict.
_PARENCHYMAL = frozenset(
    ("opacity", "consolidation", "nodule", "mass", "atelectasis", "edema", "scar", "pneumonia", "aspiration")
)
_CONTRADICTED_BY: dict[str, frozenset[str]] = {
    "opacity": _PARENCHYMAL | {"pleural effusion", "lung calcification"},
    "consolidation": frozenset({"consolidation", "opacity", "pneumonia", "aspiration", "mass"}),
    "pneumonia": frozenset({"consolidation", "opacity", "pneumonia", "aspiration"}),
    "nodule": frozenset({"nodule", "mass", "lung calcification"}),
    "mass": frozenset({"nodule", "mass"}),
    "atelectasis": frozenset({"atelectasis", "opacity", "consolidation"}),
    "edema": frozenset({"edema", "engorgement"}),
    "engorgement": frozenset({"edema", "engorgement"}),
    "pleural effusion": frozenset({"pleural effusion", "blunting"}),
    "enlarged cardiomediastinum": frozenset({"hernia", "mass"}),
    "pneumomediastinum": frozenset({"pneumothorax"}),
}


def usual_regions(finding: str, side: str) -> Regions:
    """The regions meant by a finding of which only the side is named: "right", "left" or "both"."""
    if finding in _USUAL_MIDLINE:
        return (_USUAL_MIDLINE[finding],)
    kind = _USUAL_KIND.get(finding, "lung")
    return tuple(f"{s} {kind}" for s in (SIDES if side == "both" else (side,)))


def may_deny(finding: str, claimed: set[str]) -> bool:
    """Whether "no <finding>" is true of a chest where ``claimed`` is said to be present or possible."""
    return not (_CONTRADICTED_BY.get(finding, frozenset({finding})) & claimed)
