"""The simplest dataset: a folder of images, each with a report of the same name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from maple_lib.data.read import read_image, sniff
from maple_lib.data.study import Study
from maple_lib.data.study_list import StudyList
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet

SUFFIXES = {".dcm", ".dicom", ".png", ".jpg", ".jpeg"}


def read_folder(root: str | Path, parse: bool = True) -> StudyList:
    """Load ``scan.dcm`` (or png, jpg) with ``scan.txt`` beside it, in this folder and those inside it.

    Images are opened now, to see that they are images, and decoded when they are first used. An image without
    a report has an empty one. What cannot be used is skipped, named in a warning and kept in ``.failures``.

    Args:
        root: the folder.
        parse: read the reports' triplets now.

    Raises:
        MapleError: if there is no such folder, or no image in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise MapleError(root, "no such folder", "check the path")
    files = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not files:
        kinds = ", ".join(sorted(SUFFIXES))
        raise MapleError(root, "no images in this folder", f"put images ({kinds}) and .txt reports there")
    studies: dict[str, Study] = {}
    failures = []
    for path in files:
        try:
            study = _study(path, root, parse)
            if study.study_id in studies:
                raise MapleError(path, "another image has the same name", "rename one of them")
        except MapleError as error:
            failures.append(error)
        else:
            studies[study.study_id] = study
    return StudyList(studies.values(), failures).warn()


def _study(path: Path, root: Path, parse: bool) -> Study:
    sniff(path)
    name = path.relative_to(root).with_suffix("").as_posix()
    report = read_report(path.with_suffix(".txt"))
    return Study(
        study_id=name,
        patient_id=name,
        load_image=partial(read_image, path),
        report=report,
        triplets=triplets_of(report) if parse else (),
    )


def read_report(path: Path) -> str:
    """The text of a report, empty if there is none; files that are not UTF-8 are taken as Latin-1."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def triplets_of(report: str) -> tuple[Triplet, ...]:
    """The statements of a report; none of an empty one."""
    if not report.strip():
        return ()
    from maple_lib.reports import parse

    return tuple(parse(report).triplets)
