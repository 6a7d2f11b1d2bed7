"""Which findings a phantom shows, where, and how severe: sampled, or chosen and checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maple_lib.data.phantoms.choices import (
    PAIRED,
    PLACES,
    Correlations,
    Wanted,
    check_correlations,
    check_difficulty,
    check_finding,
    check_place,
    check_planned,
)
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.errors import MapleError

_FREQUENCY = dict(zip(PLACES, (13, 8, 9, 7, 10, 7, 8, 5, 3, 7, 4, 4, 4, 5, 3, 3, 4, 4), strict=True))
_COUNTS = (0.16, 0.34, 0.30, 0.20)  # how many phantoms show 0, 1, 2, 3 findings
_SEVERITY = {"easy": (0.60, 1.0), "realistic": (0.12, 1.0), "hard": (0.0, 0.45)}
_SIZES = {
    "nodule": {"easy": (20.0, 30.0), "realistic": (8.0, 28.0), "hard": (5.0, 14.0)},
    "mass": {"easy": (48.0, 70.0), "realistic": (32.0, 65.0), "hard": (31.0, 40.0)},
}
# Findings that cannot be told apart, or that undo each other, are not sampled together on one side.
_EXCLUDES = (
    {"hyperinflation", "elevated hemidiaphragm"},
    {"hyperinflation", "cardiomegaly"},
    {"hyperinflation", "edema"},
    {"pleural effusion", "elevated hemidiaphragm"},
    {"pneumothorax", "pleural effusion"},
    {"hernia", "cardiomegaly"},
    {"pneumothorax", "edema"},
    {"pneumothorax", "hyperinflation"},
)


def sample_plan(
    rng: np.random.Generator,
    difficulty: str = "realistic",
    correlations: Correlations | None = None,
    findings: Sequence[Wanted] | None = None,
) -> tuple[PlannedFinding, ...]:
    """Plan the findings of one phantom.

    Args:
        rng: the plan's stream.
        difficulty: ``"easy"`` (large, dense), ``"realistic"`` or ``"hard"`` (subtle, small).
        correlations: ``{first: {second: p}}``: where ``first`` is present, ``second`` is with probability p.
        findings: what to show instead of a sample: names, (name, region) pairs, or planned findings. An empty
            sequence gives a normal chest.

    Returns:
        Planned findings; 0 to 3 when sampled, more where correlations add some. Edema and hyperinflation come
        as a pair, one for each lung.

    Raises:
        MapleError: for unknown names, places, probabilities or sizes; the message lists what is allowed.
    """
    check_difficulty(difficulty)
    check_correlations(correlations)
    plan = _sample(rng, difficulty) if findings is None else _chosen(rng, difficulty, findings)
    asked_for = {planned.finding for planned in plan} if findings is not None else set()
    return tuple(_correlate(rng, difficulty, plan, correlations or {}, asked_for))


def _sample(rng: np.random.Generator, difficulty: str) -> list[PlannedFinding]:
    wanted = int(rng.choice(len(_COUNTS), p=_COUNTS))
    weights = np.array(list(_FREQUENCY.values())) / sum(_FREQUENCY.values())
    plan: list[PlannedFinding] = []
    drawn = 0
    for _ in range(12 * wanted):
        if drawn == wanted:
            break
        finding = str(rng.choice(list(_FREQUENCY), p=weights))
        new = _place(rng, difficulty, finding, plan)
        plan.extend(new)
        drawn += bool(new)
    return plan


def _place(
    rng: np.random.Generator,
    difficulty: str,
    finding: str,
    plan: Sequence[PlannedFinding],
    forced: bool = False,
) -> list[PlannedFinding]:
    """One more finding (a pair for a paired one) in a free region; nothing if there is none."""
    severity = round(float(rng.uniform(*_SEVERITY[difficulty])), 3)
    if finding in PAIRED:
        pair = [PlannedFinding(finding, region, severity) for region in PLACES[finding]]
        clash = any(_clashes(new, old) for new in pair for old in plan)
        taken = {(old.finding, old.region) for old in plan}
        return [new for new in pair if (finding, new.region) not in taken] if forced or not clash else []
    for region in _by_preference(rng, finding):
        new = PlannedFinding(finding, region, severity, _sample_size(rng, difficulty, finding))
        if not any(_clashes(new, old) for old in plan):
            return [new]
    if not forced:
        return []
    taken = {(old.finding, old.region) for old in plan}
    free = [region for region in _by_preference(rng, finding) if (finding, region) not in taken]
    return [
        PlannedFinding(finding, region, severity, _sample_size(rng, difficulty, finding))
        for region in free[:1]
    ]


def _by_preference(rng: np.random.Generator, finding: str) -> list[str]:
    """The allowed regions in random order; generators mostly lie on the left."""
    regions = [str(region) for region in rng.permutation(PLACES[finding])]
    if finding == "pacemaker":
        regions = ["left upper lung zone", "right upper lung zone"][:: 1 if rng.random() < 0.85 else -1]
    return regions


def _sample_size(rng: np.random.Generator, difficulty: str, finding: str) -> float | None:
    """A diameter in whole mm, as reports give it."""
    if finding not in _SIZES:
        return None
    low, high = _SIZES[finding][difficulty]
    return float(round(rng.uniform(low, high)))


def _clashes(new: PlannedFinding, old: PlannedFinding) -> bool:
    """True if two findings would lie on top of each other or contradict each other."""
    if _zone(new.region) == _zone(old.region):
        return True
    if new.finding == old.finding and new.finding in ("line", "fracture", "pacemaker", *PAIRED):
        return True
    if {new.finding, old.finding} in _EXCLUDES:
        return not _opposite(new.region, old.region)
    return False


def _zone(region: str) -> str:
    """The apical zone lies in the upper lung zone: what is in the one is in the way of the other."""
    return region.replace("apical zone", "upper lung zone")


def _opposite(a: str, b: str) -> bool:
    sides = {a.split(" ")[0], b.split(" ")[0]}
    return sides == {"right", "left"}


def _chosen(rng: np.random.Generator, difficulty: str, findings: Sequence[Wanted]) -> list[PlannedFinding]:
    if isinstance(findings, str):
        raise MapleError(f"findings={findings!r}", "a bare string", f"give a list: findings=[{findings!r}]")
    plan: list[PlannedFinding] = []
    for wanted in findings:
        for new in _choose(rng, difficulty, wanted, plan):
            if any((new.finding, new.region) == (old.finding, old.region) for old in plan):
                raise MapleError(f"finding ({new.finding!r}, {new.region!r})", "given twice", "give it once")
            plan.append(new)
    return plan


def _choose(
    rng: np.random.Generator, difficulty: str, wanted: Wanted, plan: Sequence[PlannedFinding]
) -> list[PlannedFinding]:
    if isinstance(wanted, PlannedFinding):
        return [check_planned(wanted)]
    if isinstance(wanted, str):
        check_finding(wanted)
        new = _place(rng, difficulty, wanted, plan, forced=True)
        if not new:
            raise MapleError(f"finding {wanted!r}", "no free region is left for it", "ask for it fewer times")
        return new
    if not (isinstance(wanted, tuple) and len(wanted) == 2):
        raise MapleError(
            f"findings entry {wanted!r}", "not understood", "give a name, (name, region) or PlannedFinding"
        )
    name, region = wanted
    check_place(name, region)
    severity = round(float(rng.uniform(*_SEVERITY[difficulty])), 3)
    return [PlannedFinding(name, region, severity, _sample_size(rng, difficulty, name))]


def _correlate(
    rng: np.random.Generator,
    difficulty: str,
    plan: list[PlannedFinding],
    correlations: Correlations,
    asked_for: set[str],
) -> list[PlannedFinding]:
    """Add or take away second findings so that their share beside the first is the given one.

    What was asked for by name stays.
    """
    for first, seconds in correlations.items():
        for second, probability in seconds.items():
            wanted = bool(rng.random() < probability)
            present = {planned.finding for planned in plan}
            if first not in present or second in asked_for or wanted == (second in present):
                continue
            if wanted:
                plan = [*plan, *_place(rng, difficulty, second, plan, forced=True)]
            else:
                plan = [planned for planned in plan if planned.finding != second]
    return plan
