"""Rows to studies: pixels and masks stay on the disk until they are asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from maple_lib.data.box_regions import BoxRegions, Shape
from maple_lib.data.read import read_image
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.data.study import Image, Phrase, Study
from maple_lib.data.table.regions import RowRegions, best_regions
from maple_lib.errors import MapleError


def study_from_row(row: StudyRow, root: str | Path, image_id: str | None = None) -> Study:
    """A study whose image, masks and parsed report are made when they are first used.

    Args:
        row: the study.
        root: folder that the paths of its images start from.
        image_id: the image to look at; by default the row's first. Regions and phrases are those of this
            image; the others are reached by ``Study.at``.

    Raises:
        MapleError: if the study has no such image, or none at all.
    """
    images = _with_first(row, image_id)
    first = images[0]
    load = partial(load_image, Path(root), first)
    regions = best_regions(row.regions, first.image_id)
    study = Study(
        study_id=row.study_id,
        patient_id=row.patient_id,
        load_image=load,
        report=row.report,
        triplets=row.triplets or (),
        phrases=tuple(_phrase(phrase) for phrase in row.phrases if phrase.image_id == first.image_id),
        labels=dict(row.labels),
        split=row.split,
        dataset=row.dataset,
        images=images,
        region_sources={region.name: region.source for region in regions if region.source},
        region_confidence={region.name: region.confidence for region in regions if region.confidence != 1},
        other_view=partial(study_from_row, row, root),
    )
    size = known_shape(first) or partial(_read_shape, study)
    only_boxes = all(region.box is not None for region in regions)
    boxes = {region.name: region.box for region in regions if region.box is not None}
    study.regions = BoxRegions(boxes, size) if only_boxes else RowRegions(regions, size)
    return study


def load_image(root: Path, image: ImageRow) -> Image:
    """Read one image of a study; its view is the table's where the file does not say.

    Raises:
        MapleError: if the file is missing or cannot be read.
    """
    path = root / image.path
    if not path.is_file():
        raise MapleError(path, "no such file", "give the folder of the images: root=FOLDER")
    loaded = read_image(path)
    return loaded if loaded.view or not image.view else replace(loaded, view=image.view)


def known_shape(image: ImageRow) -> Shape | None:
    """(H, W) of an image where its row says it."""
    if image.rows is None or image.columns is None:
        return None
    return image.rows, image.columns


def _read_shape(study: Study) -> Shape:
    height, width = study.image.pixels.shape
    return height, width


def _with_first(row: StudyRow, image_id: str | None) -> tuple[ImageRow, ...]:
    if not row.images:
        raise MapleError(f"study {row.study_id}", "has no image", "leave it out of the table")
    if image_id is None:
        return row.images
    first = [image for image in row.images if image.image_id == image_id]
    if not first:
        have = ", ".join(image.image_id for image in row.images)
        raise MapleError(f"study {row.study_id}", f"no image {image_id!r}", f"it has: {have}")
    return (first[0], *(image for image in row.images if image is not first[0]))


def _phrase(row: PhraseRow) -> Phrase:
    return Phrase(row.text, row.finding, row.boxes, row.region, row.polygons, row.rle)
