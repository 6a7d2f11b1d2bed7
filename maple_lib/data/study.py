"""A study: image, report, anatomy and truth under one roof, its pixels read when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.rows import ImageRow
from maple_lib.errors import MapleError
from maple_lib.reports.report import ParsedReport
from maple_lib.reports.types import Triplet

BoolMask = NDArray[np.bool_]
Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A radiograph ready for a model.

    Attributes:
        pixels: (H, W) float32 in [0, 1], bone bright.
        spacing: (row, column) pixel spacing in mm, or None where the file does not say.
        view: ``"PA"``, ``"AP"``, ``"LATERAL"`` or None.
        source: where it came from: a file name or ``"phantom:seed/index"``; never a patient's data.
        flags: what to know before use: ``"burnt-in annotation"`` (text in the pixels that may name the
            patient, as the file itself says), ``"lateral view"``.
    """

    pixels: Pixels
    spacing: tuple[float, float] | None = None
    view: str | None = None
    source: str = ""
    flags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        h, w = self.pixels.shape
        said = f", flags={self.flags}" if self.flags else ""
        return f"Image({h}x{w}, view={self.view}, spacing={self.spacing}, source={self.source!r}{said})"


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """A finding with its exact place: (H, W) bool mask; severity in [0, 1]."""

    finding: str
    region: str
    mask: BoolMask
    severity: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase and the place it speaks of: the union of boxes, polygons and a mask.

    Attributes:
        text: the phrase.
        finding: canonical name.
        boxes: (x, y, w, h) in pixels, as MS-CXR gives them.
        region: the region it names, or None where nobody says.
        polygons: each (x0, y0, x1, y1, ...) in pixels.
        rle: mask as ``"start length ..."``, row by row from 0; empty where there is none.
    """

    text: str
    finding: str
    boxes: tuple[tuple[float, float, float, float], ...]
    region: str | None = None
    polygons: tuple[tuple[float, ...], ...] = ()
    rle: str = ""


@dataclass(eq=False)
class Study:
    """One examination: an image, its report, and whatever is known of its anatomy and findings.

    Attributes:
        study_id, patient_id: opaque identifiers.
        load_image: reads the pixels; called once, on the first use of ``image``.
        report: the report's text.
        triplets: the statements of the report: exact for phantoms, parsed otherwise.
        regions: region name -> (H, W) bool mask on the image's own pixels.
        lesions: exact lesions (phantoms only).
        phrases: phrases with boxes (MS-CXR and its like).
        labels: finding -> 1 present, 0 absent, -1 uncertain.
        split: ``"train"``, ``"validate"``, ``"test"`` or None.
        dataset: name of the dataset, or empty.
        images: every image of the examination, the one of ``image`` first; empty where it is the only one.
        region_sources: region name -> who drew it: ``"chest-imagenome"``, ``"segmenter"``, ``"atlas"``.
        region_confidence: region name -> in [0, 1]; regions that are not named count 1.
        other_view: image id -> the same examination with that image first; used by ``at``.
    """

    study_id: str
    patient_id: str
    load_image: Callable[[], Image]
    report: str = ""
    triplets: tuple[Triplet, ...] = ()
    regions: Mapping[str, BoolMask] = field(default_factory=dict)
    lesions: tuple[Lesion, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    split: str | None = None
    dataset: str = ""
    images: tuple[ImageRow, ...] = ()
    region_sources: Mapping[str, str] = field(default_factory=dict)
    region_confidence: Mapping[str, float] = field(default_factory=dict)
    other_view: Callable[[str], Study] | None = None

    @cached_property
    def image(self) -> Image:
        """The image, read on first use and kept."""
        return self.load_image()

    @cached_property
    def parsed(self) -> ParsedReport:
        """The report with its sections, sentences and triplets, parsed on first use and kept."""
        from maple_lib.reports import parse

        return parse(self.report)

    def region(self, name: str) -> BoolMask:
        """The mask of a region, (H, W) bool.

        Raises:
            MapleError: if this study has no mask of that region; the message lists those it has.
        """
        if name not in self.regions:
            have = ", ".join(self.regions) or "none"
            raise MapleError(f"study {self.study_id}", f"no mask of region {name!r}", f"it has: {have}")
        return self.regions[name]

    def at(self, image_id: str) -> Study:
        """The same examination with another of its images first: its pixels, regions and phrases.

        Raises:
            MapleError: if there is no such image; the message lists those there are.
        """
        if self.other_view is None:
            have = ", ".join(image.image_id for image in self.images) or "one image without an id"
            raise MapleError(f"study {self.study_id}", f"no other view {image_id!r}", f"it has: {have}")
        return self.other_view(image_id)

    def __repr__(self) -> str:
        return (
            f"Study({self.study_id!r}, {len(self.regions)} regions, {len(self.lesions)} lesions, "
            f"{len(self.triplets)} triplets, {len(self.report)} characters of report)"
        )
