"""Bring studies of any kind into the tables of a corpus."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from maple_lib.data.box_regions import BoxRegions, box_of
from maple_lib.data.doctor.corpus import (
    BOXES,
    IMAGES,
    LABELS,
    MASKS,
    STUDIES,
    Corpus,
    Pictures,
    corpus_from,
    table,
)
from maple_lib.data.doctor.shapes import around, corners
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.data.study import Phrase, Study
from maple_lib.data.table.regions import RowRegions
from maple_lib.errors import MapleError


class Gatherer:
    """Collects studies one by one; ``corpus()`` gives the tables."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._rows: dict[str, list[tuple[object, ...]]] = {
            name: [] for name in ("studies", "images", "boxes", "masks", "labels")
        }
        self._pictures: list[Pictures | None] = []
        self._given: dict[int, tuple[int, int]] = {}

    def add_row(self, row: StudyRow) -> None:
        """A study of a studies table."""
        study = self._study(row)
        images = {image.image_id: self._image(study, image, i == 0) for i, image in enumerate(row.images)}
        for item, region in enumerate(row.regions):
            if region.image_id in images:
                self._region(study, images[region.image_id], item, region)
        for item, phrase in enumerate(row.phrases):
            if phrase.image_id in images:
                self._phrase(study, images[phrase.image_id], item, phrase)

    def add_study(self, study: Study) -> None:
        """A study that is loaded; its pixels are not read here."""
        row = self._study(study)
        declared = study.images or (ImageRow(study.study_id, ""),)
        first = self._image(row, declared[0], True)
        self._pictures[first] = study.load_image
        for image in declared[1:]:
            self._image(row, image, False)
        self._regions(row, first, study)
        for item, phrase in enumerate(study.phrases):
            self._phrase(row, first, item, phrase)

    def corpus(self, failures: Iterable[MapleError] = ()) -> Corpus:
        """All that was added."""
        names = {"studies": STUDIES, "images": IMAGES, "boxes": BOXES, "masks": MASKS, "labels": LABELS}
        tables = {name: table(self._rows[name], columns) for name, columns in names.items()}
        return corpus_from(tables, self._pictures, failures=tuple(failures), given_masks=self._given)

    def _study(self, study: Study | StudyRow) -> int:
        row = len(self._rows["studies"])
        self._rows["studies"].append((study.study_id, study.patient_id, study.split, study.report or ""))
        self._rows["labels"].extend((row, finding, int(value)) for finding, value in study.labels.items())
        return row

    def _image(self, study: int, image: ImageRow, first: bool) -> int:
        self._pictures.append(self._root / image.path if self._root and image.path else None)
        row = (study, image.image_id, image.view, image.rows, image.columns, first)
        self._rows["images"].append(row)
        return len(self._pictures) - 1

    def _regions(self, row: int, image: int, study: Study) -> None:
        """Boxes are taken as they are; of a mask, the box around it."""
        if isinstance(study.regions, BoxRegions):
            for item, (name, box) in enumerate(study.regions.boxes.items()):
                self._box(image, row, "region", name, "", name, box, item)
            codes = study.regions.codes if isinstance(study.regions, RowRegions) else {}
            self._rows["masks"].extend((image, row, name, rle) for name, rle in codes.items())
            return
        for item, (name, mask) in enumerate(study.regions.items()):
            self._given[image] = (mask.shape[0], mask.shape[1])
            around_it = box_of(mask)
            if around_it is not None:
                self._box(image, row, "region", name, "", name, around_it, item)

    def _region(self, study: int, image: int, item: int, region: RegionRow) -> None:
        if region.box is not None:
            self._box(image, study, "region", region.name, "", region.name, region.box, item)
        if region.rle:
            self._rows["masks"].append((image, study, region.name, region.rle))

    def _phrase(self, study: int, image: int, item: int, phrase: Phrase | PhraseRow) -> None:
        for box in chain(map(corners, phrase.boxes), map(around, phrase.polygons)):
            self._box(image, study, "phrase", phrase.text, phrase.finding, phrase.region, box, item)
        if phrase.rle:
            self._rows["masks"].append((image, study, phrase.text, phrase.rle))

    def _box(
        self,
        image: int,
        study: int,
        kind: str,
        name: str,
        finding: str,
        region: str | None,
        box: tuple[float, float, float, float],
        item: int,
    ) -> None:
        self._rows["boxes"].append((image, study, kind, name, finding, region, *map(float, box), item))
