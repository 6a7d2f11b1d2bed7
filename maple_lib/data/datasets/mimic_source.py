"""The studies of MIMIC-CXR, whichever release the images come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.datasets.mimic_labels import UNSAID, read_labels
from maple_lib.data.datasets.mimic_reports import find_reports, read_reports
from maple_lib.data.datasets.mimic_views import LAST_FRONTAL
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NO_REPORTS = "none"
_COLUMNS = ("image_id", "path", "view", "time", "rows", "columns")


@dataclass(frozen=True)
class Choices:
    """What both readers let one choose.

    Attributes:
        views: ``"all"``, or ``"frontal"`` for frontal images only; studies without one are left out.
        labels: ``"chexpert"``, ``"negbio"`` (whose table is read) or ``"none"``.
        present: look for the image files, and leave out those that are not there (a partial download).
        ms_cxr: MS-CXR's folder or table; its phrases join the images.
        imagenome: Chest ImaGenome's folder; its region boxes join the images.
    """

    views: str = "all"
    labels: str = "chexpert"
    present: bool = False
    ms_cxr: str | Path | None = None
    imagenome: str | Path | None = None


class MimicSource:
    """Studies in the order of the release's table, the best view of each first.

    Args:
        dataset: its name.
        root: folder that the images' paths start from.
        images: a line an image: subject_id, study_id, dicom_id, path, split, view, rank, rows, columns, time.
        tables: folder of the label tables, or None where there are no labels.
        reports: folder of the reports, or None for none.
        choices: see ``Choices``.

    Raises:
        MapleError: if reports, labels or joined datasets cannot be found.
    """

    def __init__(
        self,
        dataset: str,
        root: Path,
        images: pd.DataFrame,
        tables: Path | None,
        reports: Path | None,
        choices: Choices,
    ) -> None:
        self.dataset, self.root, self._present = dataset, root, choices.present
        studies, self._starts, self._images = _grouped(_chosen(images, choices.views))
        self._patients = studies["subject_id"].to_list()
        self._studies = studies["study_id"].to_list()
        self._splits = studies["split"].astype(object).where(studies["split"].notna(), None).to_list()
        ids = studies["study_id"]
        labeller = choices.labels if tables is not None else "none"
        self._findings, self._values = read_labels(tables or root, labeller, ids)
        self._reports = None if reports is None else find_reports(reports, self._patients, self._studies)
        self._phrases = _phrases(choices.ms_cxr)
        self._regions = _regions(choices.imagenome)

    @property
    def fingerprint(self) -> str:
        """Changes with the studies, their order and their labels."""
        said = hashlib.sha256("\n".join(self._studies).encode())
        said.update(self._values.tobytes())
        return said.hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._studies)

    def rows(self, start: int, stop: int) -> Iterator[StudyRow | MapleError]:
        """Studies ``start`` to ``stop``; an error in the place of one without its report or images."""
        span = slice(*slice(start, stop).indices(len(self)))
        for place, report in zip(range(span.start, span.stop), self._texts(span), strict=True):
            if isinstance(report, MapleError):
                yield report
                continue
            try:
                yield self._row(place, report)
            except MapleError as error:
                yield error

    def _texts(self, span: slice) -> Iterator[str | MapleError]:
        patients, studies = self._patients[span], self._studies[span]
        if self._reports is None:
            return iter([""] * len(studies))
        return read_reports(self._reports, patients, studies)

    def _row(self, place: int, report: str) -> StudyRow:
        start, stop = self._starts[place], self._starts[place + 1]
        images = [ImageRow(**fields) for fields in self._images.slice(start, stop - start).to_pylist()]
        if self._present:
            images = self._on_disk(images)
        return StudyRow(
            dataset=self.dataset,
            study_id=self._studies[place],
            patient_id=self._patients[place],
            images=tuple(images),
            report=report,
            labels=self._labels(place),
            regions=tuple(region for image in images for region in self._regions.get(image.image_id, ())),
            phrases=tuple(phrase for image in images for phrase in self._phrases.get(image.image_id, ())),
            split=self._splits[place],
        )

    def _on_disk(self, images: Sequence[ImageRow]) -> list[ImageRow]:
        there = [image for image in images if (self.root / image.path).is_file()]
        if not there:
            raise MapleError(self.root / images[0].path, "no such file", "download the images of this study")
        return there

    def _labels(self, place: int) -> dict[str, int]:
        values = self._values[place].tolist()
        return {name: value for name, value in zip(self._findings, values, strict=True) if value != UNSAID}


def _chosen(images: pd.DataFrame, views: str) -> pd.DataFrame:
    if views not in ("all", "frontal"):
        raise MapleError(f"views={views!r}", "unknown", "use 'all' or 'frontal'")
    if views == "all":
        return images
    kept = images[images["rank"] <= LAST_FRONTAL]
    if kept.empty:
        raise MapleError(
            "views='frontal'",
            "no image is known to be frontal",
            "give jpg=FOLDER with mimic-cxr-2.0.0-metadata.csv.gz, which holds the views",
        )
    return kept


def _grouped(images: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64], pa.Table]:
    """One line a study, where its images begin, and the images: compact, shared by forked processes."""
    import pandas as pd
    import pyarrow as pa

    order = pd.factorize(images["study_id"])[0]
    place = np.lexsort((images["rank"].to_numpy(), order))
    images, order = images.iloc[place], order[place]
    starts = np.flatnonzero(np.diff(order, prepend=-1))
    studies = images.iloc[starts].reset_index(drop=True)
    shown = images.rename(columns={"dicom_id": "image_id"})[list(_COLUMNS)]
    schema = pa.schema(
        [(name, pa.int32() if name in ("rows", "columns") else pa.string()) for name in _COLUMNS]
    )
    table = pa.Table.from_pandas(shown, schema=schema, preserve_index=False).replace_schema_metadata(None)
    return studies, np.append(starts, len(images)), table.combine_chunks()


def _phrases(path: str | Path | None) -> Mapping[str, tuple[PhraseRow, ...]]:
    if path is None:
        return {}
    from maple_lib.data.datasets.ms_cxr import phrases_by_image

    return phrases_by_image(path)


def _regions(path: str | Path | None) -> Mapping[str, tuple[RegionRow, ...]]:
    if path is None:
        return {}
    from maple_lib.data.datasets.chest_imagenome import regions_by_image

    return regions_by_image(path)
