"""MIMIC-CXR 2.1.0: DICOM images and free-text reports; views, split and labels are MIMIC-CXR-JPG's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.mimic_source import NO_REPORTS, Choices, MimicSource
from maple_lib.data.datasets.mimic_tables import (
    DICOM_TITLE,
    JPG_TITLE,
    METADATA,
    RECORDS,
    SPLIT,
    read_metadata,
    read_records,
    read_splits,
)
from maple_lib.data.datasets.tables import check_root

if TYPE_CHECKING:
    import pandas as pd

INFO = DatasetInfo(
    name="mimic-cxr",
    title=DICOM_TITLE,
    home="https://physionet.org/content/mimic-cxr/2.1.0/",
    licence="PhysioNet Credentialed Health Data License 1.5.0",
    forbids="sharing the data or access to it, and any attempt to identify patients or institutions",
    size="377,110 DICOM images, 227,835 studies with reports, 65,379 patients, about 4.6 TB",
    files=(RECORDS,),
    cite="Johnson et al., MIMIC-CXR, a de-identified publicly available database of chest radiographs with "
    "free-text reports, Scientific Data 6:317 (2019)",
)


def open_source(
    root: str | Path,
    jpg: str | Path | None = None,
    reports: str | Path | None = None,
    labels: str = "chexpert",
    views: str = "all",
    present: bool = False,
    ms_cxr: str | Path | None = None,
    imagenome: str | Path | None = None,
) -> MimicSource:
    """Open the official download.

    Args:
        root: folder with ``files/`` and ``cxr-record-list.csv.gz``.
        jpg: folder with the tables of MIMIC-CXR-JPG (metadata, split, labels); by default the root, if they
            lie there. Without them nobody says which image is frontal, and there is no split and no label.
        reports: folder in which ``mimic-cxr-reports.zip`` was unpacked, by default the root; ``"none"``
            leaves the reports out.
        labels: ``"chexpert"``, ``"negbio"`` (whose table is read) or ``"none"``.
        views: ``"all"``, or ``"frontal"`` for frontal images only; studies without one are left out.
        present: look for the image files, and leave out those that are not there (a partial download).
        ms_cxr: MS-CXR's folder or table; its phrases join the images.
        imagenome: Chest ImaGenome's folder; its region boxes join the images.

    Raises:
        MapleError: if a table is missing, cut off, or lacks a column; or there are no reports where they
            should be.
    """
    folder = check_root(root, INFO.title)
    tables = check_root(jpg, JPG_TITLE) if jpg is not None else _own_tables(folder)
    images = read_records(folder)
    images = _without_metadata(images) if tables is None else _with_metadata(images, tables)
    given = None if str(reports) == NO_REPORTS else Path(reports or folder)
    choices = Choices(views, labels, present, ms_cxr, imagenome)
    return MimicSource(INFO.name, folder, images, tables, given, choices)


def _own_tables(root: Path) -> Path | None:
    """The root where a table of MIMIC-CXR-JPG lies in it; one without the other is half a download."""
    names = (f"{name}{end}" for name in (METADATA, SPLIT) for end in ("", ".gz"))
    return root if any((root / name).is_file() for name in names) else None


def _with_metadata(records: pd.DataFrame, tables: Path) -> pd.DataFrame:
    known = read_metadata(tables).drop(columns=["subject_id", "study_id"])
    images = records.merge(known.drop_duplicates("dicom_id"), on="dicom_id", how="left")
    images["rank"] = images["rank"].fillna(3)
    images["split"] = images["dicom_id"].map(read_splits(tables))
    return images


def _without_metadata(records: pd.DataFrame) -> pd.DataFrame:
    unknown = dict.fromkeys(("view", "time", "rows", "columns", "split"))
    return records.assign(**unknown, rank=3)
