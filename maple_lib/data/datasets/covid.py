"""COVID-19 image data collection: radiographs from publications, with the words published about them.

``metadata.csv``, one line an image, and ``images``. Lines of one patient and one day are one study; CT is
left out; the clinical notes are the report. The columns are those of the collection's last state; columns of
persons (age, sex, place) are not read, but notes are as published, and some name an age.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.image_files import find_images
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

NAME = "covid"
TABLE = "metadata.csv"
INFO = DatasetInfo(
    name=NAME,
    title="COVID-19 image data collection",
    home="https://github.com/ieee8023/covid-chestxray-dataset",
    licence="each image has its own, named in metadata.csv (CC BY, CC BY-NC-SA, CC0 and others); "
    "the collection's own part CC BY-NC-SA 4.0",
    forbids="what each image's licence forbids, for many of them commercial use",
    size="about 950 images of about 470 patients, 0.6 GB",
    files=(TABLE, "images"),
    cite="Cohen et al., COVID-19 Image Data Collection: Prospective Predictions Are the Future, 2020",
)
VIEWS = {"PA": "PA", "AP": "AP", "AP Supine": "AP", "AP Erect": "AP", "APS": "AP", "L": "LATERAL"}
_COLUMNS = (
    "patientid",
    "offset",
    "finding",
    "view",
    "modality",
    "date",
    "folder",
    "filename",
    "clinical_notes",
)
_COMPARE = f"compare it with the official file of {INFO.title}"
Line = Mapping[str, str]


def open_source(root: str | Path) -> StudySource:
    """A copy of the repository.

    Args:
        root: the folder of ``metadata.csv`` and ``images``.

    Raises:
        MapleError: if a file is missing or damaged, or the table is an early one with other columns.
    """
    folder = check_root(root, INFO.title)
    path = find_file(folder, (TABLE,), INFO.title)
    table = read_table(path, _COLUMNS, INFO.title, text=_COLUMNS)
    find_images(folder, ("images",), (".png", ".jpg", ".jpeg", ".gif", ".dcm"), INFO.title)
    studies = _studies(table)

    def build(number: int) -> StudyRow:
        return _study(studies[number], folder, path)

    return StudySource(len(studies), build)


def _studies(table: pd.DataFrame) -> list[list[Line]]:
    """The radiographs' lines, those of one patient and day together; a line without a day stands alone."""
    xray = table[table["modality"].fillna("").str.strip().str.lower() == "x-ray"]
    texts = xray.fillna("").apply(lambda column: column.str.strip())
    texts["row"] = (texts.index + 2).astype(str)
    grouped: dict[tuple[str, ...], list[Line]] = {}
    for line in texts.to_dict("records"):
        day = (line["offset"], line["date"]) if line["offset"] else (line["row"], "")
        grouped.setdefault((line["patientid"], *day), []).append(line)
    return list(grouped.values())


def _study(lines: list[Line], root: Path, path: Path) -> StudyRow:
    ordered = sorted(lines, key=lambda line: VIEWS.get(line["view"]) == "LATERAL")
    images = tuple(_image(line, root, path) for line in ordered)
    if not lines[0]["patientid"]:
        raise MapleError(path, f"row {lines[0]['row']}: no patientid", _COMPARE)
    notes = dict.fromkeys(line["clinical_notes"] for line in ordered if line["clinical_notes"])
    return StudyRow(
        NAME,
        images[0].image_id,
        lines[0]["patientid"],
        images,
        "\n".join(notes),
        _labels(lines[0]["finding"]),
    )


def _image(line: Line, root: Path, path: Path) -> ImageRow:
    file = f"{line['folder'] or 'images'}/{line['filename']}"
    if not line["filename"]:
        raise MapleError(path, f"row {line['row']}: no filename", _COMPARE)
    if not (root / file).is_file():
        problem = f"row {line['row']}: filename {line['filename']!r} is not on the disk"
        raise MapleError(path, problem, f"the copy of {INFO.title} is incomplete: fetch {file}")
    return ImageRow(line["filename"], file, VIEWS.get(line["view"]), _iso(line["date"]))


def _iso(date: str) -> str | None:
    """``January 22, 2020`` -> ``2020-01-22``; None for a mere year and for other spellings."""
    try:
        return datetime.strptime(date, "%B %d, %Y").date().isoformat()
    except ValueError:
        return None


def _labels(finding: str) -> dict[str, int]:
    """From ``Pneumonia/Viral/COVID-19``; what is neither that nor "No Finding" says nothing of pneumonia."""
    kinds = finding.split("/")
    if finding == "No Finding":
        return {"pneumonia": 0, "covid-19": 0}
    if kinds[0] != "Pneumonia":
        return {}
    return {"pneumonia": 1, "covid-19": int("COVID-19" in kinds)} if len(kinds) > 1 else {"pneumonia": 1}
