"""A study as plain values: what a reader of a dataset yields and a studies table keeps; no pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet

SPLITS = ("train", "validate", "test")
VIEWS = ("PA", "AP", "LATERAL")


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image of a study.

    Attributes:
        image_id: unique in the dataset.
        path: of the file, relative to the dataset's root, with forward slashes.
        view: one of ``VIEWS``, or None where the dataset does not say.
        time: ISO date and time as the dataset gives it (shifted or invented by its makers), or None.
        rows, columns: size in pixels, or None where the dataset does not say.
    """

    image_id: str
    path: str
    view: str | None = None
    time: str | None = None
    rows: int | None = None
    columns: int | None = None


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region of one image, as a box or as a mask.

    Attributes:
        image_id: whose pixels it lies on.
        name: a region of ``vocabulary.REGIONS``.
        box: (x1, y1, x2, y2) in pixels, right and lower edge not included; or None where there is a mask.
        rle: mask as ``"start length start length ..."``, row by row from 0; empty where there is a box.
        source: who says so: ``"chest-imagenome"``, ``"chexmask"``, ``"segmenter"``, ``"atlas"``.
        confidence: in [0, 1]; 1 where the source gives none.
    """

    image_id: str
    name: str
    box: tuple[float, float, float, float] | None = None
    rle: str = ""
    source: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """Words about one image with their place: boxes, polygons or a mask; their union is meant.

    Attributes:
        image_id: whose pixels it lies on.
        text: the phrase; of a dataset that has only labels, a phrase made of the label.
        finding: canonical name of ``vocabulary.FINDINGS``, or the dataset's own where there is none.
        region: a region of ``vocabulary.REGIONS``, or None where nobody says.
        boxes: (x, y, width, height) in pixels.
        polygons: each (x0, y0, x1, y1, ...) in pixels.
        rle: as in ``RegionRow``.
    """

    image_id: str
    text: str
    finding: str
    region: str | None = None
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    polygons: tuple[tuple[float, ...], ...] = ()
    rle: str = ""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One examination of one patient.

    Attributes:
        dataset: name of the dataset.
        study_id, patient_id: opaque; ``study_id`` is unique in the dataset.
        images: at least one; the first is the one that methods look at, a frontal view where there is one.
        report: the report's text, or empty.
        labels: finding -> 1 present, 0 absent, -1 uncertain; findings not mentioned are left out.
        regions, phrases: of all images.
        triplets: statements the dataset itself gives; None where the report is to be parsed.
        split: one of ``SPLITS``, or None.
    """

    dataset: str
    study_id: str
    patient_id: str
    images: tuple[ImageRow, ...]
    report: str = ""
    labels: Mapping[str, int] = field(default_factory=dict)
    regions: tuple[RegionRow, ...] = ()
    phrases: tuple[PhraseRow, ...] = ()
    triplets: tuple[Triplet, ...] | None = None
    split: str | None = None


class Source(Protocol):
    """A dataset that was found on the disk: its tables are read, its images and reports are not."""

    def __len__(self) -> int:
        """Number of studies, those included that will turn out to be unusable."""
        ...

    def rows(self, start: int, stop: int) -> Iterator[StudyRow | MapleError]:
        """Studies ``start`` to ``stop`` in a fixed order; an error in the place of one that is unusable."""
        ...
