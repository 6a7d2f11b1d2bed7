"""Open-i's chest radiographs of Indiana University: two views and a report each, coded by people.

Two downloads hold the same reports: the official one (``NLMCXR_reports.tgz`` with
``ecgen-radiology/*.xml``, ``NLMCXR_png.tgz`` with the images, which unpacks into the folder where one
stands) and a pair of tables of others, ``indiana_reports.csv`` (uid, MeSH, Problems, image, indication,
comparison, findings, impression) and ``indiana_projections.csv`` (uid, filename, projection) with
``images/images_normalized``. The table of reports was read as it is; the rest is known from public
programs. Nothing says which reports are of one patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.mesh_codes import findings_of
from maple_lib.data.datasets.open_i_xml import Report, read_report
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "open-i"
INFO = DatasetInfo(
    name=NAME,
    title="Open-i, Indiana University chest X-ray collection",
    home="https://openi.nlm.nih.gov/",
    licence="CC BY-NC-ND 4.0",
    forbids="commercial use, and passing on a changed copy",
    size="3,955 reports with 7,470 images, 1.3 GB as PNG",
    files=("ecgen-radiology", "NLMCXR_png"),
    cite="Demner-Fushman et al., Preparing a collection of radiology examinations for distribution and "
    "retrieval, JAMIA 2016",
)
REPORTS, PROJECTIONS, XML = "indiana_reports.csv", "indiana_projections.csv", "ecgen-radiology"
SECTIONS = ("indication", "comparison", "findings", "impression")
_IMAGES = ("NLMCXR_png", "images", ".")
_VIEWS = {"Frontal": None, "Lateral": "LATERAL"}


def open_source(root: str | Path, images: str | None = None) -> StudySource:
    """One study a report, of the XML files where there are any, else of the pair of tables.

    Args:
        root: the folder of ``ecgen-radiology`` or of the two tables.
        images: folder of the images in the root; by default ``NLMCXR_png``, ``images``, or the root.

    Raises:
        MapleError: if there are neither reports nor images, or a table is damaged.
    """
    folder = check_root(root, INFO.title)
    count, report, table = _open_xml(folder) or _open_tables(folder)
    files = find_images(folder, _IMAGES if images is None else (images,), (".png",), INFO.title)

    def build(number: int) -> StudyRow:
        return _row(report(number), files, table)

    return StudySource(count, build)


def _open_xml(root: Path) -> tuple[int, Callable[[int], Report], Path] | None:
    """How many reports there are, how one is read, and where they are; None where there is no XML."""
    folder = root / XML if (root / XML).is_dir() else root
    paths = sorted(folder.glob("*.xml"), key=lambda path: (len(path.stem), path.stem))
    return (len(paths), lambda number: read_report(paths[number]), folder) if paths else None


def _open_tables(root: Path) -> tuple[int, Callable[[int], Report], Path]:
    if not (root / REPORTS).is_file():
        remedy = f"unpack NLMCXR_reports.tgz here, or give the folder of {REPORTS}"
        raise MapleError(root / XML, f"no reports here, and no {REPORTS}", remedy)
    path = root / REPORTS
    projections = find_file(root, (PROJECTIONS,), INFO.title)
    reports = read_reports(path, _read_projections(projections))
    return len(reports), lambda number: reports[number], projections


def read_reports(path: Path, images: Mapping[str, tuple[tuple[str, str | None], ...]]) -> list[Report]:
    """The reports of ``indiana_reports.csv``.

    Args:
        path: of the table.
        images: uid -> (file name, view) of its images.

    Raises:
        MapleError: if the table is missing, damaged, or lacks a column.
    """
    columns = ("uid", "MeSH", *SECTIONS)
    table = read_table(path, columns, INFO.title, text=columns).fillna("")
    texts = [dict(zip(SECTIONS, texts, strict=True)) for texts in table[list(SECTIONS)].to_numpy().tolist()]
    return [
        Report(f"CXR{uid}", sections, tuple(codes.split(";")), images.get(uid, ()))
        for uid, codes, sections in zip(table["uid"], table["MeSH"], texts, strict=True)
    ]


def _read_projections(path: Path) -> dict[str, tuple[tuple[str, str | None], ...]]:
    """Images of each uid, with their views."""
    columns = ("uid", "filename", "projection")
    table = read_table(path, columns, INFO.title, text=columns)
    wrong = table[~table["projection"].isin(_VIEWS)]
    if len(wrong):
        problem = f"column 'projection' holds {wrong['projection'].iloc[0]!r}"
        raise MapleError(path, problem, f"the official file has {' and '.join(_VIEWS)}: download it again")
    images: dict[str, tuple[tuple[str, str | None], ...]] = {}
    for uid, name, view in zip(table["uid"], table["filename"], table["projection"], strict=True):
        images[uid] = (*images.get(uid, ()), (name, _VIEWS[view]))
    return images


def _row(report: Report, files: Mapping[str, str], table: Path) -> StudyRow:
    if not report.images:
        raise MapleError(f"{table}, report {report.uid}", "no image", "some reports have none: leave it out")
    images = [
        ImageRow(Path(name).name.partition(".")[0], image_path(files, name, table, INFO.title), view)
        for name, view in report.images
    ]
    return StudyRow(
        NAME,
        report.uid,
        report.uid,
        tuple(sorted(images, key=lambda image: image.view == "LATERAL")),
        report="\n\n".join(_sections(report)),
        labels=findings_of(report.codes),
    )


def _sections(report: Report) -> list[str]:
    texts = ((name, report.sections.get(name, "").strip()) for name in SECTIONS)
    return [f"{name.upper()}: {text}" for name, text in texts if text]
