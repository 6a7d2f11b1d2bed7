"""Normal statements and what they imply: clear lungs deny an opacity, a normal heart size cardiomegaly."""

from __future__ import annotations

from typing import NamedTuple

from maple_lib.data.phantoms.grammar.conventions import may_deny, usual_regions
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, join, marked
from maple_lib.data.phantoms.grammar.places import SIDES


class Normal(NamedTuple):
    """Sentences that say the same: how often, what they deny, in which part of the report they stand."""

    often: float
    denied: tuple[str, ...]
    spoiled_by: frozenset[str]
    part: str
    texts: tuple[str, ...]


NORMALS: tuple[Normal, ...] = (
    Normal(
        0.55,
        ("opacity",),
        frozenset({"pneumothorax"}),
        "lungs",
        (
            "<[lungs] are clear>",
            "the <[lungs] are clear>",
            "<[both lungs] are clear>",
            "the <[lungs] appear clear>",
            "<clear [lungs]>",
            "the <[lung fields] are clear>",
            "the <[lungs] are clear bilaterally>",
        ),
    ),
    Normal(
        0.45,
        ("cardiomegaly",),
        frozenset(),
        "heart",
        (
            "<[heart] size is normal>",
            "the <[heart] size is within normal limits>",
            "the <[heart] is normal in size>",
            "the <[cardiac silhouette] is normal in size>",
            "<[cardiac silhouette] is within normal limits>",
            "<normal [heart] size>",
            "<[cardiac] size is normal>",
            "the <[cardiac silhouette] is unremarkable>",
        ),
    ),
    Normal(
        0.3,
        ("enlarged cardiomediastinum",),
        frozenset(),
        "heart",
        (
            "the <[mediastinal] contours are normal>",
            "<[mediastinal] contours are unremarkable>",
            "the <[mediastinum] is unremarkable>",
            "the <[mediastinal] silhouette is within normal limits>",
            "<normal [mediastinal] contours>",
        ),
    ),
    Normal(
        0.12,
        ("pleural effusion",),
        frozenset(),
        "pleura",
        (
            "the <[costophrenic angles] are sharp>",
            "<[costophrenic angles] are clear>",
            "both <[costophrenic angles] are sharp>",
        ),
    ),
    Normal(
        0.2,
        ("engorgement",),
        frozenset(),
        "lungs",
        (
            "<pulmonary vasculature is normal>",
            "the <pulmonary vasculature is within normal limits>",
            "the <pulmonary vasculature is unremarkable>",
        ),
    ),
    Normal(
        0.35,
        ("fracture",),
        frozenset(),
        "bones",
        (
            "the <osseous structures are intact>",
            "<osseous structures are unremarkable>",
            "the <bony thorax is intact>",
            "the visualized <osseous structures are unremarkable>",
            "<bony thorax is unremarkable>",
        ),
    ),
    Normal(0.12, (), frozenset(), "heart", ("the trachea is midline", "trachea is midline")),
    Normal(
        0.12,
        (),
        frozenset({"hyperinflation", "atelectasis", "elevated hemidiaphragm"}),
        "lungs",
        ("the lungs are well expanded", "the lungs are well inflated", "lungs are well expanded"),
    ),
)
_HEART_AND_MEDIASTINUM = (
    "the <cardiomediastinal silhouette is normal>",
    "the <cardiomediastinal silhouette is unremarkable>",
    "<cardiomediastinal silhouette is within normal limits>",
    "the <cardiomediastinal and hilar contours are normal>",
    "<cardiomediastinal contours are within normal limits>",
)
_HEART_THEN_MEDIASTINUM = (
    "<[heart] size> and <[mediastinal] contours> are normal",
    "the <[heart] size> and <[mediastinal] silhouette> are within normal limits",
)


def implied_absence(finding: str, side: str = "both") -> Mention:
    """A finding denied by a normal statement rather than by name."""
    return Mention(finding, usual_regions(finding, side), "absent", implied=True)


def normal_statements(dice: Dice, claimed: set[str], denied: list[str]) -> list[tuple[str, Fragment]]:
    """(part, sentence) pairs that ``claimed`` does not contradict and that repeat nothing ``denied``."""
    said: list[tuple[str, Fragment]] = []
    repeated = set(denied) - {"pleural effusion"}
    both_normal = may_deny("cardiomegaly", claimed) and may_deny("enlarged cardiomediastinum", claimed)
    heart_told = both_normal and dice.chance(0.4)
    if heart_told:
        said.append(("heart", _heart_and_mediastinum(dice)))
    for normal in NORMALS:
        told = (heart_told and normal.part == "heart" and normal.denied) or repeated & set(normal.denied)
        true = not (normal.spoiled_by & claimed) and all(may_deny(f, claimed) for f in normal.denied)
        if true and not told and dice.chance(normal.often):
            said.append((normal.part, _say(dice.pick(normal.texts), normal.denied)))
    return said


def _say(text: str, denied: tuple[str, ...]) -> Fragment:
    return marked(text, [implied_absence(finding) for finding in denied])


def _heart_and_mediastinum(dice: Dice) -> Fragment:
    heart, mediastinum = implied_absence("cardiomegaly"), implied_absence("enlarged cardiomediastinum")
    if dice.chance(0.3):
        return _with_own_places(dice.pick(_HEART_THEN_MEDIASTINUM), heart, mediastinum)
    once = marked(dice.pick(_HEART_AND_MEDIASTINUM), (heart,))
    mark = once.marks[0]
    return Fragment(once.text, (mark, mark._replace(meaning=mediastinum)))


def _with_own_places(text: str, heart: Mention, mediastinum: Mention) -> Fragment:
    """Two mentions with a place each: mark the halves apart, so that each place gets its own regions."""
    cut = text.index(" and ")
    return join([marked(text[:cut], (heart,)), marked(text[cut:], (mediastinum,))], "")


def clear_side(dice: Dice, side: str) -> Fragment:
    """Call the lung of this side clear."""
    text = dice.pick(("the <[{s} lung] is clear>", "<[{s} lung] is clear>", "the <[{s} lung] appears clear>"))
    return marked(text.format(s=side), (implied_absence("opacity", side),))


def free_sides(parenchymal_sides: set[str]) -> list[str]:
    """Sides whose lung may be called clear while the other one is not."""
    return [side for side in SIDES if side not in parenchymal_sides] if len(parenchymal_sides) == 1 else []
