"""How radiologists name the places of the chest, and the regions those words stand for."""

from __future__ import annotations

from typing import NamedTuple

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import NOTHING, Fragment, Regions, marked

SIDES = ("right", "left")
ORDINALS = ("third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


class PlaceForms(NamedTuple):
    """Words before the finding ("left basilar") and after it ("at the left base"); ``[...]`` names the place.

    ``{s}`` is the side, ``{S}`` its capital letter, ``{n}`` the number of a rib.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


ONE_SIDE: dict[str, PlaceForms] = {
    "upper lung zone": PlaceForms(
        ("[{s} upper lobe]", "[{s} upper lung zone]", "[{s} upper lung]", "[{S}UL]"),
        (
            "in the [{s} upper lobe]",
            "within the [{s} upper lobe]",
            "in the [{s} upper lung zone]",
            "in the [{s} upper lung]",
            "in the [{s} upper lung field]",
            "in the [{S}UL]",
            "projecting over the [{s} upper lung zone]",
        ),
    ),
    "mid lung zone": PlaceForms(
        ("[{s} mid lung zone]", "[{s} midlung]", "[{s} mid lung]"),
        (
            "in the [{s} mid lung zone]",
            "in the [{s} midlung]",
            "in the [{s} mid lung]",
            "within the [{s} mid lung]",
            "projecting over the [{s} mid lung]",
        ),
    ),
    "lower lung zone": PlaceForms(
        (
            "[{s} lower lobe]",
            "[{s} basilar]",
            "[{s} basal]",
            "[{s} lower lung zone]",
            "[{s} lung base]",
            "[{S}LL]",
        ),
        (
            "in the [{s} lower lobe]",
            "within the [{s} lower lobe]",
            "at the [{s} lung base]",
            "at the [{s} base]",
            "in the [{s} base]",
            "in the [{s} lower lung zone]",
            "in the [{s} lower lung]",
            "in the [{S}LL]",
            "projecting over the [{s} lower lung]",
        ),
    ),
    "apical zone": PlaceForms(
        ("[{s} apical]",),
        ("at the [{s} apex]", "at the [{s} lung apex]", "in the [{s} apex]", "in the [{s} apical zone]"),
    ),
    "costophrenic angle": PlaceForms(
        ("[{s}]", "[{s}]", "[{s}-sided]"),
        (
            "on the [{s}]",
            "on the [{s} side]",
            "at the [{s} costophrenic angle]",
            "in the [{s} costophrenic sulcus]",
        ),
    ),
    # Too large for the angle: only its side is named.
    "pleural space": PlaceForms(("[{s}]", "[{s}-sided]"), ("on the [{s}]", "on the [{s} side]")),
    "hilar structures": PlaceForms(
        ("[{s} hilar]", "[{s} perihilar]"),
        ("at the [{s} hilum]", "in the [{s} hilum]", "in the [{s} hilar region]"),
    ),
    "lung": PlaceForms(
        ("[{s}]", "[{s}-sided]"),
        ("in the [{s} lung]", "on the [{s}]", "in the [{s} hemithorax]", "on the [{s} side]"),
    ),
    "rib": PlaceForms(
        ("[{s} rib]", "[{s} {n} rib]", "[{s} lateral {n} rib]", "[{s} posterior {n} rib]"),
        ("of the [{s} {n} rib]", "of the [{s} lateral {n} rib]", "of the [{s} posterior {n} rib]"),
    ),
    "clavicle": PlaceForms(
        ("[{s} clavicle]", "[{s} clavicular]", "[distal {s} clavicle]"),
        ("of the [{s} clavicle]", "of the [distal {s} clavicle]", "through the [{s} clavicle]"),
    ),
    "aortic arch": PlaceForms(
        ("[aortic arch]", "[aortic knob]", "[aortic]"),
        (
            "of the [aortic arch]",
            "of the [aortic knob]",
            "of the [thoracic aorta]",
            "along the [aortic arch]",
        ),
    ),
}
# Names that only one of the two sides has.
SIDED_EXTRAS: dict[str, PlaceForms] = {
    "right mid lung zone": PlaceForms(
        ("[right middle lobe]", "[RML]", "[right middle lobe]"),
        ("in the [right middle lobe]", "within the [right middle lobe]", "in the [RML]"),
    ),
    "left mid lung zone": PlaceForms(("[lingular]",), ("in the [lingula]", "within the [lingula]")),
    "left lower lung zone": PlaceForms(
        ("[left retrocardiac]", "[retrocardiac]"), ("in the [left retrocardiac region]",)
    ),
}
BOTH_SIDES: dict[str, PlaceForms] = {
    "upper lung zone": PlaceForms(
        ("[bilateral upper lobe]", "[bilateral upper lung zone]"),
        ("in [both upper lobes]", "in [both upper lung zones]", "in the [upper lobes bilaterally]"),
    ),
    "mid lung zone": PlaceForms(
        ("[bilateral mid lung]", "[bilateral midlung]"),
        ("in [both mid lung zones]", "in the [mid lungs bilaterally]"),
    ),
    "lower lung zone": PlaceForms(
        ("[bibasilar]", "[bibasilar]", "[bilateral lower lobe]", "[bilateral basilar]"),
        (
            "at [both lung bases]",
            "at the [lung bases]",
            "in [both lower lobes]",
            "at the [bases bilaterally]",
        ),
    ),
    "apical zone": PlaceForms(
        ("[biapical]", "[bilateral apical]"),
        ("at [both apices]", "at [both lung apices]", "at the [lung apices]"),
    ),
    "costophrenic angle": PlaceForms(
        ("[bilateral]",), ("[bilaterally]", "on [both sides]", "at [both costophrenic angles]")
    ),
    "pleural space": PlaceForms(("[bilateral]",), ("[bilaterally]", "on [both sides]")),
    "hilar structures": PlaceForms(("[bilateral hilar]",), ("at [both hila]", "in [both hilar regions]")),
    "lung": PlaceForms(("[bilateral]",), ("in [both lungs]", "[bilaterally]", "in the [lungs bilaterally]")),
}


class Placed(NamedTuple):
    """Words of a place, ready to stand before or after the finding, and the regions they name."""

    before: Fragment
    after: Fragment
    regions: Regions


def kind_and_side(region: str) -> tuple[str, str]:
    """Split "left lower lung zone" into ("lower lung zone", "left"); midline regions have side ""."""
    side, _, kind = region.partition(" ")
    return (kind, side) if side in SIDES and region != "right atrium" else (region, "")


def name_place(
    dice: Dice, regions: tuple[str, ...], kind: str, side: str, rib: str = "", behind: bool = False
) -> Placed:
    """Words for these regions.

    Args:
        dice: the choices.
        regions: what the words will stand for.
        kind: key of ``ONE_SIDE`` or ``BOTH_SIDES``.
        side: "right", "left", "both", or "" in the midline.
        rib: the number of a rib ("sixth"), where ``kind`` is "rib".
        behind: only words that follow the finding ("at the left base").
    """
    forms = BOTH_SIDES[kind] if side == "both" else ONE_SIDE[kind]
    extras = SIDED_EXTRAS.get(regions[0]) if side != "both" else None
    if extras and dice.chance(0.4):
        forms = extras
    before = not behind and dice.chance(0.6)
    words = dice.pick(forms.before if before else forms.after)
    if "{" in words:
        words = words.format(s=side, S=side[:1].upper(), n=rib)
    place = marked(words, (), regions)
    return Placed(place, NOTHING, regions) if before else Placed(NOTHING, place, regions)
