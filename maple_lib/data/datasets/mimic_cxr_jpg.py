"""MIMIC-CXR-JPG 2.1.0: JPEG images, metadata, split and labels; the reports are MIMIC-CXR's."""

from __future__ import annotations

from pathlib import Path

from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.mimic_source import NO_REPORTS, Choices, MimicSource
from maple_lib.data.datasets.mimic_tables import JPG_TITLE, METADATA, SPLIT, read_metadata, read_splits
from maple_lib.data.datasets.tables import check_root

INFO = DatasetInfo(
    name="mimic-cxr-jpg",
    title=JPG_TITLE,
    home="https://physionet.org/content/mimic-cxr-jpg/2.1.0/",
    licence="PhysioNet Credentialed Health Data License 1.5.0",
    forbids="sharing the data or access to it, and any attempt to identify patients or institutions",
    size="377,110 JPEG images, 227,827 studies with labels, 65,379 patients, about 570 GB",
    files=(METADATA, SPLIT, "mimic-cxr-2.0.0-chexpert.csv"),
    cite="Johnson et al., MIMIC-CXR-JPG, a large publicly available database of labeled chest radiographs, "
    "arXiv:1901.07042 (2019)",
)


def open_source(
    root: str | Path,
    reports: str | Path | None = None,
    labels: str = "chexpert",
    views: str = "all",
    present: bool = False,
    ms_cxr: str | Path | None = None,
    imagenome: str | Path | None = None,
) -> MimicSource:
    """Open the official download.

    Args:
        root: folder with ``files/`` and ``mimic-cxr-2.0.0-metadata.csv.gz``, ``-split.csv.gz``, ...
        reports: folder in which MIMIC-CXR's ``mimic-cxr-reports.zip`` was unpacked; no reports by default,
            since this release has none.
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
    images = read_metadata(folder)
    patient, study = images["subject_id"], images["study_id"]
    where = "files/p" + patient.str[:2] + "/p" + patient + "/s" + study + "/"
    images["path"] = where + images["dicom_id"] + ".jpg"
    images["split"] = images["dicom_id"].map(read_splits(folder))
    given = None if reports is None or str(reports) == NO_REPORTS else Path(reports)
    choices = Choices(views, labels, present, ms_cxr, imagenome)
    return MimicSource(INFO.name, folder, images, folder, given, choices)
