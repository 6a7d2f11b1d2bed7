"""The reports of MIMIC-CXR: ``mimic-cxr-reports.zip``, unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from maple_lib.data.folder import read_report
from maple_lib.errors import MapleError

ARCHIVE = "mimic-cxr-reports.zip"
_STEPS = (997, 1)  # look at a few studies first, at all of them before giving up


def report_path(patient_id: str, study_id: str) -> str:
    """Where a report lies below ``files``.

    Example:
        >>> report_path("10000032", "50414267")
        'p10/p10000032/s50414267.txt'
    """
    return f"p{patient_id[:2]}/p{patient_id}/s{study_id}.txt"


def find_reports(folder: Path, patients: Sequence[str], studies: Sequence[str]) -> Path:
    """The folder that holds ``p10``, ``p11``, ... with the reports in them.

    Args:
        folder: where the archive was unpacked, or the ``files`` folder itself.
        patients: ids of the studies' patients.
        studies: ids of the studies, in the same order.

    Raises:
        MapleError: if no report of any of these studies is there.
    """
    if folder.suffix == ".zip":
        raise MapleError(folder, "an archive", f"unpack it (unzip {folder.name}) and give the folder")
    places = [folder / "files", folder, folder / "mimic-cxr-reports" / "files"]
    there = [place for place in places if place.is_dir()]
    for step in _STEPS:
        for patient, study in zip(patients[::step], studies[::step], strict=True):
            for place in there:
                if (place / report_path(patient, study)).is_file():
                    return place
    looked = folder / "files" / report_path(patients[0], studies[0])
    remedy = f"unpack {ARCHIVE} of MIMIC-CXR and give its folder as reports=FOLDER, or reports=none"
    raise MapleError(looked, "no such file, nor any other report", remedy)


def read_reports(folder: Path, patients: Sequence[str], studies: Sequence[str]) -> Iterator[str | MapleError]:
    """The text of each study's report; an error in the place of one that is missing or cannot be read."""
    for patient, study in zip(patients, studies, strict=True):
        path = folder / report_path(patient, study)
        try:
            text = read_report(path)
        except MapleError as error:
            yield error
        else:
            yield text if text or path.is_file() else _missing(path)


def _missing(path: Path) -> MapleError:
    return MapleError(path, "no such file", f"unpack {ARCHIVE} again")
