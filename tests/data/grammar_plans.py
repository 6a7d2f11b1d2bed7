"""Random plans for the tests of the report grammar."""

import numpy as np

from maple_lib.data.phantoms.planned import PlannedFinding

SIDES = ("right", "left")
ZONES = ("upper lung zone", "mid lung zone", "lower lung zone")
# Finding -> region kinds; a kind without a side of its own is a midline region.
PLACES = {
    "opacity": ZONES,
    "consolidation": ZONES,
    "nodule": ZONES,
    "mass": ZONES,
    "atelectasis": ZONES[1:],
    "pleural effusion": ("costophrenic angle",),
    "pneumothorax": ("apical zone",),
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
MIDLINE = {
    "cardiac silhouette",
    "trachea",
    "svc",
    "cavoatrial junction",
    "right atrium",
    "aortic arch",
    "mediastinum",
}
SIZES = {"nodule": (4.0, 28.0), "mass": (31.0, 80.0)}


def random_plan(seed: int) -> list[PlannedFinding]:
    """Up to four findings; some on both sides; edema and hyperinflation always."""
    rng = np.random.default_rng([20240, seed])
    plan: dict[tuple[str, str], PlannedFinding] = {}
    for _ in range(rng.integers(0, 5)):
        finding = list(PLACES)[rng.integers(len(PLACES))]
        kind = PLACES[finding][rng.integers(len(PLACES[finding]))]
        for region in _regions(finding, kind, rng):
            size = float(rng.uniform(*SIZES[finding])) if finding in SIZES else None
            plan[finding, region] = PlannedFinding(finding, region, float(rng.random()), size)
    return list(plan.values())


def _regions(finding: str, kind: str, rng: np.random.Generator) -> list[str]:
    if kind in MIDLINE:
        return [kind]
    if finding in ("edema", "hyperinflation") or rng.random() < 0.25:
        return [f"{side} {kind}" for side in SIDES]
    return [f"{SIDES[rng.integers(2)]} {kind}"]
