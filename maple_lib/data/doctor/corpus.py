"""A corpus as tables: what the checks look at, whether it came from a file or from objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.data.study import Image
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

# Where an image's pixels come from: a file, or a function that gives them.
Pictures = Path | Callable[[], Image]

STUDIES = ("study_id", "patient_id", "split", "report")
IMAGES = ("study", "image_id", "view", "rows", "columns", "first")
BOXES = ("image", "study", "kind", "name", "finding", "region", "x1", "y1", "x2", "y2", "item")
MASKS = ("image", "study", "name", "rle")
LABELS = ("study", "finding", "value")


@dataclass
class Corpus:
    """Tables that point to each other by row number.

    Attributes:
        studies: ``study_id, patient_id, split`` (or None), ``report``.
        images: ``study``, ``image_id``, ``view``, ``rows``, ``columns`` as the corpus declares them, and
            ``first``: whether it is the one that methods look at.
        boxes: of regions and phrases (``kind``): (x1, y1, x2, y2) in pixels; ``name`` is the region or the
            phrase's words, ``item`` counts the regions or phrases of a study.
        masks: run lengths of regions and phrases.
        labels: ``finding`` and ``value``: 1 present, 0 absent, -1 uncertain.
        pictures: for every row of ``images``, where its pixels come from; None where nobody knows.
        failures: of studies that could not be loaded at all.
        left_out: studies that were left out when the table was made; ``maple ingest`` said why.
        given_masks: row of images -> (H, W) of the masks that came with the study.
    """

    studies: pd.DataFrame
    images: pd.DataFrame
    boxes: pd.DataFrame
    masks: pd.DataFrame
    labels: pd.DataFrame
    pictures: Sequence[Pictures | None]
    failures: tuple[MapleError, ...] = ()
    left_out: int = 0
    given_masks: dict[int, tuple[int, int]] = field(default_factory=dict)

    @cached_property
    def study_ids(self) -> list[str]:
        """The studies' ids, by row."""
        return list(self.studies["study_id"])

    @cached_property
    def study_of_image(self) -> list[int]:
        """Row of ``studies`` for every row of ``images``."""
        return [int(row) for row in self.images["study"]]

    @cached_property
    def first_image(self) -> dict[int, int]:
        """Row of ``studies`` -> row of its first image."""
        first = self.images[self.images["first"].astype(bool)]
        return dict(zip(first["study"].tolist(), first.index.tolist(), strict=True))

    def id_of_image(self, image: int) -> str:
        """The study's id of a row of ``images``."""
        return self.study_ids[self.study_of_image[image]]

    def open(self, image: int) -> Image:
        """Read the pixels of one row of ``images``.

        Raises:
            MapleError: if they cannot be read, or nobody knows where they are.
        """
        picture = self.pictures[image]
        if picture is None:
            raise MapleError(
                f"image {self.images['image_id'].iloc[image]}", "no known file", "give the root of the images"
            )
        return load(picture)


def load(picture: Pictures) -> Image:
    """Read an image from its file or by its function."""
    if isinstance(picture, Path):
        from maple_lib.data.read import read_image

        return read_image(picture)
    return picture()


Tables = dict[str, "pd.DataFrame"]


def corpus_from(tables: Tables, pictures: Sequence[Pictures | None], **more: Any) -> Corpus:
    """A corpus from its tables by name."""
    names = ("studies", "images", "boxes", "masks", "labels")
    studies, images, boxes, masks, labels = (tables[name] for name in names)
    return Corpus(studies, images, boxes, masks, labels, pictures, **more)


def table(rows: Iterable[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a table that has its columns even when there is no row."""
    import pandas as pd

    return pd.DataFrame.from_records(list(rows), columns=list(columns))
