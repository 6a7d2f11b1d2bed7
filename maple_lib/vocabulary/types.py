"""What the vocabulary is made of: places, their regions, and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["right", "left"]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the chest regardless of side: ``lower lung zone`` on the right and on the left.

    Attributes:
        name: e.g. ``"lower lung zone"``; for a midline place it is the region's own name.
        sides: ``("right", "left")``, or empty for a midline place.
        parent: the place that contains it, or None.
        words: forms that need a side from the sentence (or, midline, name the region).
        plural: forms that mean both sides where no side is named.
        right, left, both: forms that carry their side.
    """

    name: str
    sides: tuple[Side, ...] = ()
    parent: str | None = None
    words: tuple[str, ...] = ()
    plural: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    both: tuple[str, ...] = ()

    def region(self, side: Side) -> str:
        """The region on that side; a midline place has one region, whatever the side."""
        return f"{side} {self.name}" if self.sides else self.name

    @property
    def regions(self) -> tuple[str, ...]:
        """All regions of the place: one, or right then left."""
        return tuple(f"{side} {self.name}" for side in self.sides) or (self.name,)


@dataclass(frozen=True, slots=True)
class Region:
    """One region of Chest ImaGenome.

    Attributes:
        name: the official spelling, e.g. ``"right lower lung zone"``.
        place: its name without the side.
        side: ``"right"``, ``"left"``, or None in the midline.
        parent: the region that contains it, or None.
        synonyms: other ways to write it, sides included, lower case.
    """

    name: str
    place: str
    side: Side | None
    parent: str | None
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        name: canonical name, e.g. ``"pleural effusion"``.
        synonyms: every surface form, lower case, the name included.
        parents: more general findings (a consolidation is an opacity).
        place: the place where it lies when a sentence names none, or None.
        default_regions: the regions of that place, both sides.
        bilateral_by_nature: True for edema and its like, which affect both lungs.
        mass_noun: True where the word is not counted ("atelectasis"), so an unsided place means both sides.
        kinds: surface form -> place, for forms whose default differs ("chest tube": lung).
        asg: index among ASG's 40 findings, or None.
        chexpert, nih: the label in CheXpert-14 and NIH ChestX-ray14, or None.
        mesh: heads of Open-i's codes, ``Head`` or ``Head/qualifier``.
        imagenome: attribute names of Chest ImaGenome.
    """

    name: str
    synonyms: tuple[str, ...]
    parents: tuple[str, ...] = ()
    place: str | None = None
    default_regions: tuple[str, ...] = ()
    bilateral_by_nature: bool = False
    mass_noun: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict, hash=False)
    asg: int | None = None
    chexpert: str | None = None
    nih: str | None = None
    mesh: tuple[str, ...] = ()
    imagenome: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """Places, regions and findings by name; build one with :func:`load_vocabulary`."""

    places: Mapping[str, Place]
    regions: Mapping[str, Region]
    findings: Mapping[str, Finding]
    asg_regions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.regions)} regions, {len(self.findings)} findings)"
